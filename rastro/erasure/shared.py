"""Computes sessions of visitors that several people share again, from the events that are left."""

from typing import Any, cast

from pyiceberg.expressions import In

from analytics.athena_to_duckdb import to_duckdb
from analytics.duckdb_tables import Tables
from analytics.queries import view
from analytics.tables import tables
from rastro.erasure.parquet import rows_without
from rastro.erasure.subject import Subject


def sessions_again(found: dict[str, Any], subject: Subject, visitors: frozenset[str]) -> int:
    """Put the rows of `visitors` in the table `sessions` right as the view of that name has them, after `events` and
    `orders` were. How many rows there are now. `found`: PyIceberg's tables by name."""
    whose = cast("Any", In)("visitor_id", sorted(visitors))
    lake = Tables()
    for name in ("events", "orders"):
        rows = found[name].scan(row_filter=whose).to_arrow()
        kept, _ = rows_without(rows, subject)
        lake.with_tables.register("found", kept)
        lake.with_tables.execute(f"INSERT INTO {name} BY NAME FROM found")
        lake.with_tables.unregister("found")
    columns = ", ".join(tables()["sessions"].columns)
    sql = to_duckdb(f"SELECT {columns} FROM ({view('sessions').sql}) AS computed")  # noqa: S608 - our own words
    made = lake.with_tables.sql(sql).to_arrow_table()
    lake.close()
    table = found["sessions"]
    with table.transaction() as transaction:
        transaction.delete(whose)
        transaction.append(made.cast(table.schema().as_arrow()))
    return int(made.num_rows)
