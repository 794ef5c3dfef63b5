"""Ask the tables and views in SQL, as Athena takes it. First it says what will be read, then the rows.

Without --env the tables of this machine are asked (`make demo` leaves them under .rastro), translated for DuckDB.
"""

import argparse
import contextlib
import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from analytics import VIEWS
from analytics.athena_dialect import violations
from analytics.queries import view
from analytics.tables import tables
from lake.iceberg import IcebergTables, open_tables
from rastro.local.info import FILE_NAME
from rastro.repair import estimate
from rastro.repair.pipeline import Pipeline, open_pipeline
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.tables import table

HELP = "ask the tables in SQL"

_POLL_SECONDS = 0.5


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro query`."""
    add = parser.add_argument
    add("sql", metavar="SQL", help="one SELECT, or - to read it from stdin")
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--csv", action="store_true", help="comma-separated values with a head line")
    add("--json", action="store_true", help="one JSON object a line")
    add("--limit", type=_limit, default=1000, metavar="N", help="rows shown at most (%(default)s)")
    add("--dry-run", action="store_true", help="check the statement and say what it would read, no more")


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 answered, 2 the question cannot be asked."""
    sql = sys.stdin.read() if args.sql == "-" else args.sql
    sql = sql.strip().rstrip(";")
    _check(sql)
    pipeline = open_pipeline(args.env, args.home) if args.env else None
    names, rows, summary = _here(args, sql) if pipeline is None else _on_athena(args, pipeline, sql)
    if not args.dry_run:
        _show(names, rows[: args.limit], args)
        if len(rows) > args.limit:
            print(
                f"rastro: {len(rows) - args.limit} more rows; --limit {len(rows)} shows all", file=sys.stderr
            )
    options = {"sql": sql, "env": args.env, "dry_run": args.dry_run}
    where = (pipeline.client("s3"), pipeline.bucket) if pipeline else ()
    audit(args.home, "query", options, summary, *where)
    return 0


def _check(sql: str) -> None:
    if not sql:
        raise Problem("no question: one SELECT, or - to read it from stdin", "no_sql")
    with contextlib.suppress(ParseError):  # what cannot be read, the next look names
        statements = sqlglot.parse(sql, read="athena")
        if len(statements) == 1 and not isinstance(statements[0], exp.Query):
            raise Problem("only a SELECT: data are changed by the jobs and the other tools", "no_select")
    if found := violations(sql):
        raise Problem(f"Athena would refuse it: {found[0].message}", "refused_by_athena")


def _reads(sql: str) -> set[str]:
    """The tables that a statement reads, through the views."""
    wanted = [sql]
    found: set[str] = set()
    while wanted:
        try:
            tree = sqlglot.parse_one(wanted.pop(), read="athena")
        except ParseError as error:
            raise Problem(f"not SQL: {error}", "no_sql") from None
        own = {cte.alias for cte in tree.find_all(exp.CTE)}
        for name in {node.name.lower() for node in tree.find_all(exp.Table)} - own - found:
            found.add(name)
            if name in VIEWS and name not in tables():
                wanted.append(view(name).sql)
    return found


_Answer = tuple[list[str], list[dict[str, Any]], dict[str, Any]]
"""The columns, the rows, the summary."""


def _here(args: argparse.Namespace, sql: str) -> _Answer:
    if not (args.home / "tables" / "catalog.db").exists():
        raise Problem(
            f"no tables under {args.home}; rastro tables fills them from a running stack, make demo leaves some",
            "no_tables",
        )
    stack = args.home / FILE_NAME
    if stack.exists() and stack.stat().st_mtime > (args.home / "tables" / "catalog.db").stat().st_mtime:
        print(
            "rastro: these tables are older than the running stack; rastro tables fills them from it",
            file=sys.stderr,
        )
    store = IcebergTables(args.home / "tables")
    landing = {
        name: sorted((args.home / "lake" / name).rglob("*.parquet")) for name in ("enriched", "rejected")
    }
    files = {name: [Path(file) for file in store.files(name)] for name in tables()} | landing
    read = [file for name in _reads(sql) for file in files.get(name, [])]
    size = sum(file.stat().st_size for file in read)
    print(f"rastro: reads at most {size:,} bytes in {len(read)} files", file=sys.stderr)
    lake = open_tables(store, landing["enriched"], landing["rejected"])
    begun = time.monotonic()
    try:
        names = lake.names(sql)
        if args.dry_run:
            return names, [], {"bytes_at_most": size}
        rows = lake.rows(sql)
    except duckdb.Error as error:
        raise Problem(f"{type(error).__name__}: {str(error).splitlines()[0]}", "query_failed") from None
    took = round(time.monotonic() - begun, 2)
    return names, rows, {"rows": len(rows), "bytes_at_most": size, "seconds": took}


def _on_athena(args: argparse.Namespace, pipeline: Pipeline, sql: str) -> _Answer:
    from infra.deploy.athena import execute  # noqa: PLC0415 - takes a while to import
    from infra.deploy.stacks import DeployError  # noqa: PLC0415 - as above
    from infra.environments import loader  # noqa: PLC0415 - as above

    environment = loader.read(args.env)
    athena = pipeline.client("athena")
    limit = environment.analytics.scan_limit_gib
    most = estimate.of_scans(pipeline, limit * 2**30)
    print(f"rastro: the workgroup stops it at {limit} GiB, {most:.2f} USD at list price", file=sys.stderr)

    def ask(statement: str) -> tuple[str, dict[str, Any]]:
        try:
            return execute(athena, environment, "Athena", statement, _POLL_SECONDS)
        except DeployError as error:
            raise Problem(str(error), "query_failed") from None

    if args.dry_run:  # costs nothing, and Athena checks every name and type
        ask(f"EXPLAIN {sql}")
        return [], [], {"usd_at_most": round(most, 2)}
    query, done = ask(sql)
    size = int(done["Statistics"]["DataScannedInBytes"])
    usd = estimate.of_scans(pipeline, max(size, 1))
    print(f"rastro: read {size:,} bytes, {usd:.5f} USD at list price", file=sys.stderr)
    rows: list[dict[str, Any]] = []
    names: list[str] = []
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
        for row in page["ResultSet"]["Rows"]:
            values = [cell.get("VarCharValue") for cell in row["Data"]]
            if not names:
                names = [str(value) for value in values]
            else:
                rows.append(dict(zip(names, values, strict=True)))
    return names, rows, {"rows": len(rows), "bytes": size, "usd": round(usd, 6)}


def _show(names: list[str], rows: list[dict[str, Any]], args: argparse.Namespace) -> None:
    if args.json:
        for row in rows:
            print(json.dumps(row, default=str))
    elif args.csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else names)
        writer.writeheader()
        writer.writerows(rows)
    else:
        print(table(rows), end="")
