"""Make the Athena views: Athena itself checks their SQL and finds out their column types."""

from collections.abc import Callable
from typing import Any

from analytics import queries
from analytics.athena_dialect import without_comments
from analytics.tables import tables
from infra.deploy.athena import run
from infra.environments.settings import Environment


def names() -> list[str]:
    """The views that are no tables, each after those it reads."""
    return [name for name in queries.VIEWS if name not in tables()]


def statement(name: str) -> str:
    """`CREATE OR REPLACE VIEW` for one view of `analytics/views/`."""
    return f"CREATE OR REPLACE VIEW {name} AS\n{without_comments(queries.view(name).sql)}"


def create(athena: Any, environment: Environment, report: Callable[[str], None]) -> None:
    """All views, each after those it reads.

    Raises:
        DeployError: with what Athena says about the first that fails.
    """
    for name in names():
        run(athena, environment, f"view {name}", statement(name))
        report(f"view {name}")
