"""Bytes that each view reads for one day, 30 days and a year: over landing, as it was, and over the Iceberg tables.

A synthetic history is written once (`--folder` keeps it). Bytes are those that DuckDB reads of the Parquet files, with
2.4 GB of memory and no spilling. Over landing a question reads the whole history whatever it asks for, often more than
once: its bytes are counted from the plan (columns of every scan), because most of these questions end out of memory at
10 M rows (`--run-before` tries). Both read a CTE at each use, as Trino does.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.lake_history import FIRST, make_landing, make_tables, open_landing, open_tables
from rastro.terminal.progress import Progress
from rastro.terminal.tables import table

HELP = "bytes that each view reads for a day, 30 days, a year: landing against tables"

DAY_COLUMNS = {
    "events": "event_date", "orders": "event_date", "refunds": "event_date", "sessions": "session_date",
    "funnel": "session_date", "entry_exit_pages": "session_date", "paths": "event_date", "attribution": "order_date",
    "revenue": "order_date", "products": "event_date", "search_terms": "event_date", "abandonment": "session_date",
    "devices": "session_date", "people": "session_date", "touches": "order_date", "new_and_returning": "session_date",
    "data_quality": "dt", "visitors": None, "identity_edges": None, "retention": None,
    "baskets": None,
}  # fmt: skip
"""View → its day; None: it has none and is refreshed each night. Views of other tables than `enriched` (`rejections`,
`ended_sessions`, `abandoned_carts`) and of the last minutes (`freshness`, `real_time`) are not in it."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of landing (default 10000000)")
    parser.add_argument("--days", type=int, default=365, help="days of history (default 365)")
    parser.add_argument("--folder", type=Path, help="where the history is kept (a temporary folder)")
    parser.add_argument(
        "--run-before", action="store_true", help="run the questions over landing too, for a day"
    )
    parser.add_argument("--views", help="only these, with commas between")
    parser.add_argument(
        "--periods", default="1,30,365", help="days that the questions are about (default 1,30,365)"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Print the table; the figures."""
    with contextlib.ExitStack() as stack:
        folder = args.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rastro-lake-")))
        return _run(args, folder)


def _run(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    progress = Progress()
    begun = time.process_time()
    if not (folder / "enriched").exists():
        make_landing(folder, args.rows, args.days, progress.note)
    if not (folder / "tables").exists():
        make_tables(folder, args.days, progress.note)
    figures: dict[str, Any] = {
        "rows": _one(open_landing(folder), "SELECT count(*) FROM enriched"),
        "days": args.days,
        "landing_bytes": _size(folder / "enriched"),
        "tables_bytes": _size(folder / "tables"),
        "made_cpu_seconds": round(time.process_time() - begun, 1),
    }
    progress.say(
        f"{figures['rows']:,} rows, {figures['landing_bytes']:,} bytes of landing,"
        f" {figures['tables_bytes']:,} of tables"
    )
    rows = []
    ran = ["landing, a day"] if args.run_before else []
    periods = [int(period) for period in args.periods.split(",")]
    heads = ["view", "landing, bytes", *ran, *(f"tables, {period} d" for period in periods), "a day: 1/"]
    for name in args.views.split(",") if args.views else DAY_COLUMNS:
        row: dict[str, Any] = {"view": name}
        before = figures[f"{name}_before"] = _planned(folder, name, _question(name, 1, args.days))
        row["landing, bytes"] = before
        if args.run_before:
            row["landing, a day"] = figures[f"{name}_before_ran"] = _measured(
                open_landing(folder, (name,)), _question(name, 1, args.days)
            )[0]
        for period in periods if DAY_COLUMNS[name] else periods[-1:]:
            read, peak = _measured(open_tables(folder, (name,)), _question(name, period, args.days))
            figures[f"{name}_{period}"] = read
            figures[f"{name}_{period}_peak"] = peak
            row[f"tables, {period} d"] = read
        day = figures.get(f"{name}_1")
        row["a day: 1/"] = round(before / max(day, 1), 1) if isinstance(day, int) else None
        rows.append({key: row.get(key) for key in heads})
        progress.note(name)
    print(table(rows), file=sys.stderr)
    factors = {
        n: figures[f"{n}_before"] / max(figures[f"{n}_1"], 1)
        for n, c in DAY_COLUMNS.items()
        if c and isinstance(figures.get(f"{n}_1"), int)
    }
    figures["least_factor"] = round(min(factors.values(), default=0), 1)
    figures["below_50"] = ",".join(sorted(n for n, f in factors.items() if f < 50))
    figures["out_of_memory"] = ",".join(sorted(k for k, v in figures.items() if v == OUT_OF_MEMORY))
    figures["cpu_seconds"] = round(time.process_time() - begun, 1)
    print(f"least factor for a day: {figures['least_factor']}; below 50: {figures['below_50'] or 'none'}; "
          f"out of memory: {figures['out_of_memory'] or 'none'}", file=sys.stderr)  # fmt: skip
    return figures


OUT_OF_MEMORY = "out of memory"


def _question(name: str, period: int, days: int) -> str:
    """All columns of the view's rows for the last `period` days of the history; of events, how many of each name."""
    column = DAY_COLUMNS[name]
    last = FIRST + timedelta(days=days - 2)
    where = ""
    if column:
        since, until = f"DATE '{last - timedelta(days=period - 1)}'", f"DATE '{last}'"
        if column == "dt":
            since, until = since.removeprefix("DATE "), until.removeprefix("DATE ")
        where = f"WHERE {column} BETWEEN {since} AND {until}"
    if name == "events":
        return f"SELECT event_name, count(*) FROM events {where} GROUP BY 1"  # noqa: S608 - our own names
    return f"SELECT bit_xor(hash(v)), count(*) FROM (SELECT * FROM {name} {where}) AS v"  # noqa: S608 - our own names


def _measured(database: duckdb.DuckDBPyConnection, sql: str) -> tuple[int | str, int]:
    """Bytes read, and the most memory in bytes; or OUT_OF_MEMORY."""
    with tempfile.NamedTemporaryFile(suffix=".json") as profile_file:
        database.execute(f"PRAGMA enable_profiling = 'json'; SET profiling_output = '{profile_file.name}'")
        try:
            database.execute(sql).fetchall()
        except duckdb.OutOfMemoryException:
            return OUT_OF_MEMORY, 0
        finally:
            database.close()
        profile = json.loads(Path(profile_file.name).read_text(encoding="utf-8"))
    return int(profile["io"]["total_bytes_read"]), int(_found(profile, "system_peak_buffer_memory") or 0)


def _found(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return (
            node[name]
            if name in node
            else next((f for v in node.values() if (f := _found(v, name)) is not None), None)
        )
    return None


def _planned(folder: Path, name: str, sql: str) -> int:
    """Bytes of all columns of all scans of landing that the plan of a question about a view has."""
    database = open_landing(folder, (name,))
    plan = json.loads(_one(database, f"EXPLAIN (FORMAT json) {sql}", 1))
    sizes: dict[str, int] = dict(
        database.execute(
            "SELECT path_in_schema, sum(total_compressed_size) FROM parquet_metadata(?) GROUP BY 1",
            [f"{folder}/enriched/*/*/*.parquet"],
        ).fetchall()
    )
    columns: dict[str, int] = {}
    for path, size in sizes.items():
        top = path.split(",")[0].split(".")[0].strip()
        columns[top] = columns.get(top, 0) + int(size)
    total = 0
    for names in _scans(plan):
        total += sum(columns.get(name.split(".")[0].strip('"'), 0) for name in names)
    database.close()
    return total


def _scans(node: Any) -> Iterator[list[str]]:
    if isinstance(node, list):
        for one in node:
            yield from _scans(one)
    elif isinstance(node, dict):
        info = node.get("extra_info") or {}
        if "PARQUET" in str(info.get("Function", "")) or "READ_PARQUET" in str(node.get("name", "")):
            names = info.get("Projections") or []
            yield [names] if isinstance(names, str) else list(names)
        yield from _scans(node.get("children") or [])


def _one(database: duckdb.DuckDBPyConnection, sql: str, column: int = 0) -> Any:
    found = database.execute(sql).fetchone()
    assert found is not None
    return found[column]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))
