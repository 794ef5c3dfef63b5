"""The Iceberg tables as tables of DuckDB: the statements run as they are, translated."""

from pathlib import Path

from analytics.athena_to_duckdb import duck_type, tables_in, to_duckdb
from analytics.duckdb_lake import Lake
from analytics.queries import VIEWS
from analytics.tables import WINDOWS_OF_DAY, Statement, Window, filled_in, tables

_FILLED = tuple(name for name in VIEWS if name in tables())
"""What stands in a table here and is a view in `Lake`."""


class Tables(Lake):
    """The landing tables, the filled tables, and the views over these."""

    def __init__(self, enriched: list[Path] | None = None) -> None:
        self._open([name for name in VIEWS if name not in _FILLED])
        for table in tables().values():
            fields = ", ".join(f'"{name}" {duck_type(kind)}' for name, kind in table.columns.items())
            self._database.execute(f"CREATE TABLE {table.name} ({fields})")
        self.add("enriched", enriched or [])

    def run(self, statement: Statement, window: Window) -> None:
        """One statement for one window."""
        # translated once: the placeholders pass through as they are
        self._make(tables_in(statement.sql))
        self._database.execute(filled_in(to_duckdb(statement.sql).replace("$", ":"), window))

    def windows(self, dt: str) -> list[Window]:
        """What a nightly run for the day of arrival `dt` fills."""
        return [Window(**row) for row in self.rows(WINDOWS_OF_DAY.replace(":dt", dt))]
