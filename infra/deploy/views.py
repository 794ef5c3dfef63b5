"""Make the Athena views: Athena itself checks their SQL and finds out their column types."""

import time
from collections.abc import Callable
from typing import Any

from analytics import queries
from analytics.athena_dialect import without_comments
from infra.deploy.stacks import DeployError
from infra.environments.resource_names import workgroup
from infra.environments.settings import Environment

_POLL_SECONDS = 1.0


def statement(name: str) -> str:
    """`CREATE OR REPLACE VIEW` for one view of `analytics/views/`."""
    return f"CREATE OR REPLACE VIEW {name} AS\n{without_comments(queries.view(name).sql)}"


def create(athena: Any, environment: Environment, report: Callable[[str], None]) -> None:
    """All views, each after those it reads.

    Raises:
        DeployError: with what Athena says about the first that fails.
    """
    for name in queries.VIEWS:
        _run(athena, environment, name)
        report(f"view {name}")


def _run(athena: Any, environment: Environment, name: str) -> None:
    query = athena.start_query_execution(
        QueryString=statement(name),
        QueryExecutionContext={"Database": environment.database},
        WorkGroup=workgroup(environment),
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return
        if status["State"] in {"FAILED", "CANCELLED"}:
            raise DeployError(f"view {name}: {status.get('StateChangeReason', status['State'])}")
        time.sleep(_POLL_SECONDS)
