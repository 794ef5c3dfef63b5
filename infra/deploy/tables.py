"""Make the Iceberg tables and give them the contract's new columns: by Athena, before the views that read them."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from analytics.tables import ddl, tables
from infra.deploy.athena import run
from infra.environments.settings import Environment
from lake import layout


def create(
    athena: Any, glue: Any, bucket: str, environment: Environment, report: Callable[[str], None]
) -> None:
    """Every table of `analytics.tables`.

    Raises:
        DeployError: with what Athena says about the first that fails.
    """
    for name in tables():
        existing = _columns(glue, environment.database, name)
        if existing is None:
            run(athena, environment, f"table {name}", ddl.create(name, f"s3://{bucket}/{layout.TABLES}"))
            report(f"table {name}")
        elif statement := ddl.add_columns(name, existing):
            run(athena, environment, f"table {name}", statement)
            report(f"table {name}: new columns")


def _columns(glue: Any, database: str, name: str) -> set[str] | None:
    """Of an existing table; None where there is none."""
    try:
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise
        return None
    return {column["Name"] for column in table["StorageDescriptor"]["Columns"]}
