"""Run one statement in the environment's workgroup, wait for its end, read its rows."""

import time
from typing import Any

from infra.deploy.stacks import DeployError
from infra.environments.resource_names import workgroup
from infra.environments.settings import Environment

_POLL_SECONDS = 1.0


def rows(athena: Any, environment: Environment, what: str, statement: str) -> list[list[str | None]]:
    """The rows of a short answer, a thousand at most, as text.

    Raises:
        DeployError: with what Athena says, where it does not succeed.
    """
    query = run(athena, environment, what, statement)
    _, *found = athena.get_query_results(QueryExecutionId=query)["ResultSet"][
        "Rows"
    ]  # the first has the names
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]


def run(athena: Any, environment: Environment, what: str, statement: str) -> str:
    """The execution's id; raise `DeployError` with what Athena says unless it succeeds."""
    return execute(athena, environment, what, statement)[0]


def execute(
    athena: Any, environment: Environment, what: str, statement: str, poll_seconds: float = _POLL_SECONDS
) -> tuple[str, dict[str, Any]]:
    """(the execution's id, Athena's `QueryExecution` with the statistics), once it has succeeded.

    Raises:
        DeployError: with what Athena says, where it does not succeed.
    """
    query = athena.start_query_execution(
        QueryString=statement,
        QueryExecutionContext={"Database": environment.database},
        WorkGroup=workgroup(environment),
    )["QueryExecutionId"]
    while True:
        found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        status = found["Status"]
        if status["State"] == "SUCCEEDED":
            return str(query), found
        if status["State"] in {"FAILED", "CANCELLED"}:
            raise DeployError(f"{what}: {status.get('StateChangeReason', status['State'])}")
        time.sleep(poll_seconds)
