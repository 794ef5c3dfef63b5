"""A lake whose files stay as they are: each view is computed once, when it is read first, and kept as a table."""

from collections.abc import Sequence
from pathlib import Path

from analytics.duckdb_lake import Lake
from analytics.queries import VIEWS


class Snapshot(Lake):
    """DuckDB plans a question down to the files through all views below it, which takes a second for some of them.

    On the few rows of a test that is nearly all the work. The SQL of each view and its rows are the same.
    """

    _made_as = "TABLE"

    def add(self, table: str, files: Sequence[Path]) -> None:
        self._look_that_nothing_is_computed()
        super().add(table, files)

    def write(self, sql: str, values: Sequence[str]) -> None:
        """A statement that writes into a table."""
        self._look_that_nothing_is_computed()
        self._database.execute(sql, values)

    def _look_that_nothing_is_computed(self) -> None:
        made = [name for name in VIEWS if name not in self._missing]
        assert not made, f"computed before: {made}"
