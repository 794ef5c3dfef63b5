"""Bring the running stack's landing files to this machine and fill its tables: what the hourly job does on AWS.

With --visitor it waits first until that visitor's events have arrived, and says when they do not.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from analytics.duckdb_lake import Lake
from analytics.tables import Window
from lake.iceberg import IcebergTables, Jobs
from lake.objects import Fetched
from rastro.local import emulator, info
from rastro.privacy.data_stores import only_writer
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress

HELP = "fill this machine's tables from the running stack, as the hourly job does on AWS"
_POLL_SECONDS = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro tables`."""
    add = parser.add_argument
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--visitor", metavar="ID", help="wait for events of this visitor before")
    add("--events", type=int, default=1, metavar="N", help="so many different ones (%(default)s)")
    add("--wait", type=float, default=90.0, metavar="SECONDS", help="at most (%(default)g)")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 filled, 1 the visitor's events did not come, 2 it could not run."""
    progress = Progress()
    facts = info.read(args.home)
    landing = Landing(emulator.client(facts.aws_endpoint, "s3"), facts, args.home / "lake")
    deadline = time.monotonic() + args.wait
    files = landing.bring()
    while args.visitor and (seen := events_of(files["enriched"], args.visitor)) < args.events:
        if time.monotonic() > deadline:
            progress.say(
                f"tables: {seen} of {args.events} events of {args.visitor} came; look at: rastro console"
            )
            return 1
        progress.note(f"{seen} of {args.events} events of {args.visitor}")
        time.sleep(_POLL_SECONDS)
        files = landing.bring()
    if not files["enriched"]:
        raise Problem("the stack has no enriched rows yet; post some events first", "no_landing")
    with only_writer(args.home, "tables"):
        fill(args.home / "tables", files["enriched"], progress)
    progress.say(
        f"tables: filled from {len(files['enriched'])} files of landing, {len(files['rejected'])} of rejected"
    )
    return 0


class Landing:
    """Copies of the landing files of one stack: what is gone there goes here too."""

    def __init__(self, s3: Any, facts: info.LocalStackInfo, folder: Path) -> None:
        self._parts = {
            name: (Fetched(s3, facts.bucket, prefix, folder / name), folder / name)
            for name, prefix in (("enriched", facts.enriched_prefix), ("rejected", facts.rejected_prefix))
        }
        for _, files_of_table in self._parts.values():
            for file in files_of_table.rglob("*.parquet"):
                file.unlink()

    def bring(self) -> dict[str, list[Path]]:
        """All files of both tables, new ones fetched."""
        for fetched, _ in self._parts.values():
            fetched.new()
        return {name: list(fetched.files) for name, (fetched, _) in self._parts.items()}


def events_of(files: list[Path], visitor: str) -> int:
    """Different events of a visitor in landing files."""
    if not files:
        return 0
    lake = Lake(files, [])
    found = lake.with_tables.execute(
        "SELECT count(DISTINCT event_id) FROM enriched WHERE visitor_id = $visitor AND event_name <> 'session_merge'",
        {"visitor": visitor},
    ).fetchall()
    return int(found[0][0])


def fill(folder: Path, files: list[Path], progress: Progress) -> None:
    """Everything that arrived, on whatever day it happened: one window for each day of arrival."""
    jobs = Jobs(IcebergTables(folder), files, progress.note)
    happened = "coalesce(event_date, CAST(event_at AS date))"
    for row in jobs.lake.rows(
        f"SELECT dt, min({happened}) AS first, max({happened}) AS last FROM enriched GROUP BY dt ORDER BY dt"  # noqa: S608 - constants of this file
    ):
        jobs.window(Window(row["dt"], 0, 23, row["first"], row["last"]))
