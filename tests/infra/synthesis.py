"""An environment's templates."""

from pathlib import Path

from infra.environments.settings import Environment


def synthesize(environment: Environment, out: Path) -> Path:
    """Write them to `out`, and give it back.

    CDK is imported with the first: it starts Node, and a test process that synthesizes nothing can do without.
    """
    from infra.stacks.app import build

    build(environment, out).synth()
    return out
