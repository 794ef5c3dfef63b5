"""A synthetic history for `benchmarks lake`: landing files by DuckDB's SQL, and the tables made of them by the views.

A session in a visitor's life, one to fifteen events a session, three purchases in a hundred sessions; one row in a
hundred is a copy, one session in a thousand was absorbed. Ids and URLs are random, so that rows are no more alike
than real ones. All of a day is one file here; Firehose writes hundreds, so figures for landing are lower bounds.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from analytics.athena_to_duckdb import duck_type, tables_in, to_duckdb
from analytics.duckdb_lake import PARTITIONS, enriched_columns
from analytics.queries import VIEWS, view
from analytics.tables import tables

FIRST = date(2025, 11, 1)
EVENTS_A_SESSION = 8
BLOCK_DAYS = 15

_ROWS = Path(__file__).with_name("lake_history.sql").read_text(encoding="utf-8")


def _uuid(*parts: str) -> str:
    """A random-looking UUID of some values."""
    words = [f"lpad(to_hex(hash({', '.join(parts)}, {n})), 16, '0')" for n in (11, 12)]
    text = " || ".join(words)
    return (
        f"substr({text}, 1, 8) || '-' || substr({text}, 9, 4) || '-4' || substr({text}, 14, 3) || '-8'"
        f" || substr({text}, 18, 3) || '-' || substr({text}, 21, 12)"
    )


def make_landing(folder: Path, rows: int, days: int, report: Callable[[str], None]) -> None:
    """About `rows` rows of `days` days under `folder/enriched/dt=…/hour=00/`; a visitor comes back every few weeks."""
    sessions = rows // EVENTS_A_SESSION
    people = max(50, sessions * 2 // 3)
    columns = enriched_columns()
    with duckdb.connect(config={"threads": 2}) as database:
        for number in range(days):
            day = FIRST + timedelta(days=number)
            where = {
                "first": sessions * number // days, "last": sessions * (number + 1) // days, "people": people,
                "day": day.isoformat(), "uuid_event": _uuid("e"), "uuid_visitor": _uuid("person"),
                "uuid_session": _uuid("h"), "uuid_absorbed": _uuid("h", "77"),
            }  # fmt: skip
            fields = ", ".join(f'"{c.name}" {duck_type(c.type)}' for c in columns)
            database.execute(f"CREATE OR REPLACE TEMP TABLE day ({fields})")
            # structs match by the names that they have
            sql = _ROWS
            for name in sorted(where, key=len, reverse=True):
                sql = sql.replace(f":{name}", str(where[name]))
            database.execute(f"INSERT INTO day BY NAME {sql}")
            path = folder / "enriched" / f"dt={day}" / "hour=00"
            path.mkdir(parents=True, exist_ok=True)
            database.execute(f"COPY day TO '{path}/a.parquet' (FORMAT parquet, COMPRESSION gzip)")
            report(f"landing: {number + 1} of {days} days")


def open_landing(
    folder: Path, wanted: Sequence[str] = (), since: date | None = None, until: date | None = None
) -> duckdb.DuckDBPyConnection:
    """Views over landing, as they were before the tables, and those that they read; only some days of it where they
    are named."""
    database = _fresh()
    files = sorted((folder / "enriched").rglob("*.parquet"))
    if since and until:
        files = [f for f in files if since.isoformat() <= f.parent.parent.name[3:] <= until.isoformat()]
    _scan(database, "enriched", files)
    _create(database, wanted, frozenset())
    return database


def _create(database: duckdb.DuckDBPyConnection, wanted: Sequence[str], filled: frozenset[str]) -> None:
    """These views and those below them: DuckDB looks through each when it is made, a second for all of them."""
    needed, found = list(wanted), set[str]()
    while needed:
        name = needed.pop()
        if name in VIEWS and name not in filled | found:
            found.add(name)
            needed += tables_in(view(name).sql)
    for name in VIEWS:  # each after what it reads
        if name in found:
            database.execute(f"CREATE VIEW {name} AS {_as_trino(view(name).sql)}")


def _fresh() -> duckdb.DuckDBPyConnection:
    # no file cache: what is read twice counts twice, as Athena counts it; no spilling: memory is memory
    database = duckdb.connect(config={"threads": 2, "memory_limit": "2.4GB", "temp_directory": ""})
    database.execute(
        "SET TimeZone = 'UTC'; SET enable_external_file_cache = false; SET preserve_insertion_order = false"
    )
    for name, columns in _others().items():
        fields = ", ".join(f'"{column}" {duck_type(kind)}' for column, kind in columns.items())
        database.execute(f"CREATE TABLE {name} ({fields})")
    return database


def _others() -> dict[str, dict[str, str]]:
    """Tables that the benchmark leaves empty, so that every view can be made."""
    from schemas.cart_events import COLUMNS as CART_EVENTS  # noqa: PLC0415 - beside its one use
    from schemas.rejected import COLUMNS as REJECTED  # noqa: PLC0415 - slow to import, needed here alone
    from schemas.session_ends import COLUMNS as SESSION_ENDS  # noqa: PLC0415 - slow to import, needed here alone

    named = {"rejected": REJECTED, "session_ends": SESSION_ENDS, "cart_events": CART_EVENTS}
    made = {name: {c.name: c.type for c in (*columns, *PARTITIONS)} for name, columns in named.items()}
    filled = {"events", "orders", "sessions", "refunds"}
    return made | {
        name: t.columns for name, t in tables().items() if name not in filled and name not in VIEWS
    }


def _scan(database: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> None:
    listed = ", ".join(f"'{file}'" for file in files)
    kinds = {"enriched": "{'dt': VARCHAR, 'hour': INTEGER}", "sessions": "{'session_date': DATE}"}
    typed = kinds.get(name, "{'event_date': DATE}")
    options = (
        f"hive_partitioning = true, hive_types = {typed}"
        if name != "refunds"
        else "hive_partitioning = false"
    )
    database.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}], {options})")  # noqa: S608 - our own files


@cache
def _as_trino(sql: str) -> str:
    """The view in DuckDB's words, each CTE read at each use, as Trino does: DuckDB would make it once, whole."""
    tree = sqlglot.parse_one(to_duckdb(sql), read="duckdb")
    for cte in tree.find_all(exp.CTE):
        cte.set("materialized", False)
    return tree.sql(dialect="duckdb")


def make_tables(folder: Path, days: int, report: Callable[[str], None]) -> None:
    """`events`, `orders`, `refunds`, `sessions` under `folder/tables/`, a file for each of their days: by the views,
    over some days of landing at a time and one on each side. That jobs leave the same is proven in tests/lake."""
    filled = ("events", "orders", "refunds", "sessions")
    for start in range(0, days, BLOCK_DAYS):
        since = FIRST + timedelta(days=start)
        until = FIRST + timedelta(days=min(start + BLOCK_DAYS, days) - 1)
        database = open_landing(folder, filled, since - timedelta(days=1), until + timedelta(days=1))
        database.execute("SET memory_limit = '6GB'")
        if start + BLOCK_DAYS >= days:
            until += timedelta(days=1)
        for name in filled:
            column = tables()[name].partition
            day = column or "event_date"
            first = since - timedelta(days=1) if start == 0 else since
            rows = f"SELECT * FROM {name} WHERE {day} BETWEEN DATE '{first}' AND DATE '{until}'"  # noqa: S608 - our own names
            path = folder / "tables" / name
            path.mkdir(parents=True, exist_ok=True)
            if column is None:
                database.execute(
                    f"COPY ({rows}) TO '{path}/{since}.parquet' (FORMAT parquet, COMPRESSION zstd)"
                )
                continue
            database.execute(
                f"COPY ({rows}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({column}),"
                " OVERWRITE_OR_IGNORE, WRITE_PARTITION_COLUMNS false)"
            )
        database.close()
        report(f"tables: {min(start + BLOCK_DAYS, days)} of {days} days")


def open_tables(folder: Path, wanted: Sequence[str] = ()) -> duckdb.DuckDBPyConnection:
    """The same views over the tables; `enriched` for those that read it."""
    database = _fresh()
    _scan(database, "enriched", sorted((folder / "enriched").rglob("*.parquet")))
    filled = frozenset({"events", "orders", "sessions", "refunds"})
    for name in filled:
        _scan(database, name, sorted((folder / "tables" / name).rglob("*.parquet")))
    _create(database, wanted, filled)
    return database
