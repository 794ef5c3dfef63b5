"""Names that several stacks and the tools use; importing them starts no Node."""

from infra.environments.settings import Environment

EDGE_REGION = "us-east-1"
"""CloudFront takes its firewall and its certificate from there only."""


NOTIFIERS = ("cloudwatch", "budgets", "events")
"""AWS services that publish to an alarm topic: alarms, the budget, and rules."""

RUNBOOK = "docs/operations.md"
"""Every alarm's text ends with this file and the section of the alarm."""


def cookieless_secret_name(environment: Environment) -> str:
    """The parameter with the secret of the cookieless hash."""
    return f"/{environment.prefix}/cookieless-secret"


def origin_secret_name(environment: Environment) -> str:
    """The parameter with the secret that CloudFront shows to the API."""
    return f"/{environment.prefix}/origin-secret"


def workgroup(environment: Environment) -> str:
    """The Athena workgroup."""
    return environment.prefix


KCL_TABLES = ("",)
"""What KCL appends to the application's name. KCL 2 has the leases alone; KCL 3 would add `-WorkerMetricStats` and
`-CoordinatorState`, and an index on the leases (docs/decisions/0002-kcl-version.md)."""
