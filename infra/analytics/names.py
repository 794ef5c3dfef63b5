"""Names that other stacks use without needing the stack itself."""

from infra.settings import Environment


def workgroup(environment: Environment) -> str:
    return environment.prefix
