"""Give a person their data: a ZIP with each table as JSON and as CSV, and a page that says what the columns mean.

For the right of access (LGPD, article 18; GDPR, article 15). Nothing is changed. The file holds personal data: hand it
over, then delete it.
"""

import argparse
import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analytics.duckdb_lake import enriched_columns
from rastro.commands.erase import find, open_data_stores, whom
from rastro.erasure import copy
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress

HELP = "a person's data as a ZIP of JSON and CSV"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro access`."""
    add = parser.add_argument
    whom(parser)
    add("--out", type=Path, default=Path("access.zip"), metavar="FILE", help="the ZIP to write (%(default)s)")
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--dry-run", action="store_true", help="count the rows, write nothing")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 written, 2 it could not run."""
    if args.out.exists() and not args.dry_run:
        raise Problem(f"{args.out} is there already; name another --out", "file_exists")
    if not args.out.absolute().parent.is_dir():
        raise Problem(f"there is no folder {args.out.absolute().parent} to write into", "no_such_folder")
    progress = Progress()
    where = open_data_stores(args)
    found = find(args, where, progress)
    progress.note("reading tables and landing")
    data = copy.of_tables(where.tables, found.subject)
    data |= {f"landing_{name}": rows for name, rows in copy.of_stores(where.stores, found.subject).items()}
    counts = {name: len(rows) for name, rows in sorted(data.items())}
    if not args.dry_run:
        _write(args.out, data, where.name)
    if not any(counts.values()):
        progress.say("access: nothing of this id stands anywhere; is it written as the shop writes it?")
    summary = ", ".join(f"{rows:,} {name}" for name, rows in counts.items()) or "nothing"
    progress.say(f"access: {summary}" + ("" if args.dry_run else f"; {args.out}"))
    about = "visitor" if args.visitor else "user" if args.user else "email"
    options = {"about": about, "request": found.subject.digest(), "env": args.env, "dry_run": args.dry_run}
    audit(args.home, "access", options, counts, where.s3, where.bucket)
    return 0


def _write(path: Path, data: dict[str, list[dict[str, Any]]], environment: str) -> None:
    """Whole or not at all: half a file would keep the same command from being run again.

    Raises:
        Problem: it cannot be written there.
    """
    fresh = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, rows in sorted(data.items()):
                archive.writestr(f"{name}.json", json.dumps(rows, default=str, ensure_ascii=False, indent=1))
                archive.writestr(f"{name}.csv", _csv(rows))
            archive.writestr("README.txt", _about(data, environment))
        fresh.replace(path)
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}", "no_such_folder") from None
    finally:
        fresh.unlink(missing_ok=True)


def _csv(rows: list[dict[str, Any]]) -> str:
    sink = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sink, names)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return sink.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, list | dict) else value


def _about(data: dict[str, list[dict[str, Any]]], environment: str) -> str:
    lines = [
        f"What the shop's measurement ({environment}) holds about you, as of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        "Each table is here twice: as JSON and as CSV (UTF-8). Times are UTC.",
        "",
        "events: what you did in the shop. sessions: your visits. orders, refunds: what you bought and gave back.",
        "landing_*: the same as it arrived, before copies were left out; raw: what your browser sent.",
        "",
        *(f"{name}: {len(rows)} rows" for name, rows in sorted(data.items())),
        "",
        "Columns of events",
        *(f"  {column.name}: {column.meaning}" for column in enriched_columns()),
    ]
    return "\n".join(lines) + "\n"
