"""The lake on DuckDB: Parquet files as the tables of Athena, and the views of this package on top."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from analytics.athena_to_duckdb import duck_type, tables_in, to_duckdb
from analytics.queries import VIEWS, view
from analytics.tables.schema import SEPARATIONS
from schemas import Column, json_file
from schemas.cart_events import COLUMNS as CART_EVENT_COLUMNS
from schemas.rejected import COLUMNS as REJECTED_COLUMNS
from schemas.session_ends import COLUMNS as SESSION_END_COLUMNS

PARTITIONS = (Column("dt", "string", "Day of arrival, UTC."), Column("hour", "int", "Hour of arrival, UTC."))


def enriched_columns() -> tuple[Column, ...]:
    """The columns of the enriched table by the contract."""
    return tuple(Column(**fields) for fields in json_file("enriched.columns.json")["columns"])


class Lake:
    """Athena's tables and views over local files. Files can be added while it is open.

    `enriched`, `rejected`: Parquet files as Firehose wrote them, under `.../dt=YYYY-MM-DD/hour=HH/`.
    """

    _made_as = "VIEW"

    def __init__(self, enriched: Sequence[Path] = (), rejected: Sequence[Path] = ()) -> None:
        self._open(VIEWS)
        self._table("separations", (Column(name, kind, "") for name, kind in SEPARATIONS.items()))
        self.add("enriched", enriched)
        self.add("rejected", rejected)

    def _open(self, views: Sequence[str]) -> None:
        """An empty database with the tables that Firehose fills; `views` are made when they are read first."""
        self._database = duckdb.connect(config={"threads": 2})
        self._database.execute("SET TimeZone = 'UTC'")
        self._missing = list(views)
        self._table("enriched", (*enriched_columns(), *PARTITIONS))
        self._table("rejected", (*REJECTED_COLUMNS, *PARTITIONS))
        self._table("session_ends", (*SESSION_END_COLUMNS, *PARTITIONS))
        self._table("cart_events", (*CART_EVENT_COLUMNS, *PARTITIONS))

    @property
    def with_tables(self) -> duckdb.DuckDBPyConnection:
        """The database itself, for what reads and writes tables: of the views it has those that were asked for."""
        return self._database

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """The database itself, with every view."""
        self._make(self._missing)
        return self._database

    def _make(self, wanted: Iterable[str]) -> None:
        """Create these views and those that they read, each after what it reads.

        DuckDB looks through a view down to the tables when it is created. For all of them that takes half a second,
        and most questions read three or four.
        """
        needed, found = list(wanted), set[str]()
        while needed:
            name = needed.pop()
            if name in self._missing and name not in found:
                found.add(name)
                needed += tables_in(view(name).sql)
        for name in [name for name in self._missing if name in found]:
            self._database.execute(f"CREATE {self._made_as} {name} AS {to_duckdb(view(name).sql)}")
            self._missing.remove(name)

    def _table(self, name: str, columns: Iterable[Column]) -> None:
        fields = ", ".join(f'"{column.name}" {duck_type(column.type)}' for column in columns)
        self._database.execute(f"CREATE TABLE {name} ({fields})")

    def add(self, table: str, files: Sequence[Path]) -> None:
        """Take in more files of a table by their columns' names: a missing one is null, an unknown one is not read."""
        if files:
            columns = [row[0] for row in self._database.execute(f"DESCRIBE {table}").fetchall()]
            self._database.execute(
                f"INSERT INTO {table} BY NAME SELECT COLUMNS(lambda name: list_contains({columns!r}, name))"  # noqa: S608 - constants of this package
                " FROM read_parquet($files, union_by_name = true, hive_partitioning = true,"
                " hive_types = {'dt': VARCHAR, 'hour': INTEGER})",
                {"files": [str(file) for file in files]},
            )

    def rows(self, athena_sql: str) -> list[dict[str, Any]]:
        """Run a query in Athena's dialect; rows as dicts of Python values."""
        self._make(tables_in(athena_sql))
        cursor = self._database.execute(to_duckdb(athena_sql))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def names(self, athena_sql: str) -> list[str]:
        """The columns that a query would answer with; every name and type in it is looked at, and nothing is read."""
        self._make(tables_in(athena_sql))
        return [row[0] for row in self._database.execute(f"DESCRIBE {to_duckdb(athena_sql)}").fetchall()]

    def close(self) -> None:
        """Let go of the memory."""
        self._database.close()
