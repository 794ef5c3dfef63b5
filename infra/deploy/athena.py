"""Run one statement in the environment's workgroup and wait for its end."""

import time
from typing import Any

from infra.deploy.stacks import DeployError
from infra.environments.resource_names import workgroup
from infra.environments.settings import Environment

_POLL_SECONDS = 1.0


def run(athena: Any, environment: Environment, what: str, statement: str) -> None:
    """Raise `DeployError` with what Athena says unless it succeeds."""
    query = athena.start_query_execution(
        QueryString=statement,
        QueryExecutionContext={"Database": environment.database},
        WorkGroup=workgroup(environment),
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return
        if status["State"] in {"FAILED", "CANCELLED"}:
            raise DeployError(f"{what}: {status.get('StateChangeReason', status['State'])}")
        time.sleep(_POLL_SECONDS)
