"""The Iceberg tables on this machine: a folder of Parquet files and a catalogue in SQLite, written by PyIceberg.

DuckDB computes what a statement changes (the statements are Athena's, analytics/tables.py); each statement's
change is one snapshot here, as it is there. Only the days that changed are written anew.
"""

import warnings
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression

from analytics.duckdb_tables import Tables
from analytics.tables import Statement, Window, far_copies, fill, hour_window, late_refunds, refreshed, tables
from lake import null_lists

NAMESPACE = "rastro"
null_lists.keep()


class IcebergTables:
    """All tables under `folder`; made where they are missing, given new columns and fields of items where the contract
    has more."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._catalog = SqlCatalog(
            NAMESPACE,
            uri=f"sqlite:///{folder.absolute()}/catalog.db",
            warehouse=f"file://{folder.absolute()}",
        )
        self._catalog.create_namespace_if_not_exists(NAMESPACE)
        empty = Tables()
        for name, table in tables().items():
            schema = empty.with_tables.sql(f"FROM {name}").to_arrow_table().schema
            try:
                made = self._catalog.load_table((NAMESPACE, name))
            except NoSuchTableError:
                made = self._catalog.create_table((NAMESPACE, name), schema)
                if table.partition:
                    with made.update_spec() as spec:
                        spec.add_identity(table.partition)
            else:
                if not _kinds(schema).items() <= _kinds(made.schema().as_arrow()).items():
                    with made.update_schema() as update:
                        update.union_by_name(schema)
        empty.close()

    def table(self, name: str) -> Any:
        """PyIceberg's table."""
        return self._catalog.load_table((NAMESPACE, name))

    def files(self, name: str) -> list[str]:
        """The data files of the newest snapshot. There are no delete files: a day is replaced whole."""
        return [task.file.file_path.removeprefix("file://") for task in self.table(name).scan().plan_files()]

    def replace(self, name: str, rows: Any, days: Iterable[date | None] | None) -> None:
        """Replace these days, or everything, by `rows` (an Arrow table) in one snapshot."""
        table = self.table(name)
        column = tables()[name].partition
        every: BooleanExpression | str = AlwaysTrue()
        if days is not None and column:
            every = " or ".join(f"{column} = '{day.isoformat()}'" for day in days if day is not None)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Delete operation did not match any records")  # a new day
            schema = table.schema().as_arrow()  # its order: later columns stand at its end
            table.overwrite(rows.select(schema.names).cast(schema), overwrite_filter=every)


def _kinds(schema: pa.Schema) -> dict[str, Any]:
    """The type of each column as far as it makes a difference. PyIceberg takes 50 ms a table to find nothing new."""
    return {field.name: _kind(field.type) for field in schema}


def _kind(of: pa.DataType) -> Any:
    if pa.types.is_list(of) or pa.types.is_large_list(of):
        return [_kind(of.value_type)]
    if pa.types.is_struct(of):
        return {field.name: _kind(field.type) for field in of}
    return str(of).removeprefix("large_")


class Jobs:
    """The jobs over local tables: hourly fill, nightly fill. `landing`: Parquet files of the table `enriched`."""

    def __init__(self, store: IcebergTables, landing: list[Path], report: Callable[[str], None]) -> None:
        self.lake = Tables(landing)
        self.changes = 0
        self._store = store
        self._report = report
        for name in tables():
            self._load(name)

    def _load(self, name: str) -> None:
        if files := self._store.files(name):
            self.lake.with_tables.execute(
                f"INSERT INTO {name} BY NAME SELECT * FROM read_parquet($files, union_by_name = true)",
                {"files": files},
            )
        self.lake.with_tables.execute(f"CREATE TABLE stored_{name} AS FROM {name}")

    def night(self, dt: str) -> None:
        """Everything that arrived on one day, wherever it belongs; copies and refunds at any distance."""
        day = hour_window(dt, 0)
        for one in self.lake.windows(dt):
            self.window(one)
        if [statement for statement in far_copies() if self._run(statement, day)]:
            for one in self.lake.windows(dt):
                self.window(one)
        for statement in (*late_refunds(), *refreshed()):
            self._run(statement, day)

    def window(self, window: Window) -> None:
        """The statements of one window."""
        for statement in fill():
            self._run(statement, window)

    def _run(self, statement: Statement, window: Window) -> int:
        self.lake.run(statement, window)
        changed = self._save(statement.table)
        self.changes += changed
        if changed:
            self._report(f"{window.dt} {statement.name}: {changed} days")
        return changed

    def _save(self, name: str) -> int:
        """Write what a statement changed; how many days that are."""
        database = self.lake.with_tables
        column = tables()[name].partition or "NULL"
        differ = f"(FROM {name} EXCEPT ALL FROM stored_{name}) UNION ALL (FROM stored_{name} EXCEPT ALL FROM {name})"
        found = database.execute(f"SELECT DISTINCT {column} FROM ({differ})").fetchall()
        if not found:
            return 0
        days = [row[0] for row in found]
        where = f"WHERE list_contains($days, {column})" if tables()[name].partition else ""
        given = {"days": days} if where else {}
        rows = database.sql(f"SELECT * FROM {name} {where}", params=given).to_arrow_table()
        self._store.replace(name, rows, days if where else None)
        database.execute(f"DELETE FROM stored_{name} {where}", given)
        database.execute(f"INSERT INTO stored_{name} SELECT * FROM {name} {where}", given)
        return len(days)


def open_tables(store: IcebergTables, landing: list[Path], rejected: list[Path]) -> Tables:
    """The filled tables and the views over them, for questions; the landing tables too."""
    lake = Tables(landing)
    lake.add("rejected", rejected)
    for name in tables():
        if files := store.files(name):
            # with the empty table: files may be older than a column
            lake.with_tables.execute(f"ALTER TABLE {name} RENAME TO no_{name}")
            listed = ", ".join(f"'{file}'" for file in files)
            lake.with_tables.execute(
                f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}], union_by_name = true)"
                f" UNION ALL BY NAME FROM no_{name}"
            )
    return lake
