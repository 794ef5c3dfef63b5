"""Fill the tables of one day, or of all days, again from the landing table: after a repair there, or of the tables.

What is already right is not written again; a run that was stopped is simply started again.
"""

import argparse
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from analytics.duckdb_tables import Tables
from analytics.tables import Window
from lake import layout
from lake.iceberg import IcebergTables, Jobs
from rastro.privacy.data_stores import only_writer
from rastro.repair import estimate
from rastro.repair.pipeline import Pipeline, open_pipeline
from rastro.repair.spans import listed
from rastro.repair.windows import fill
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress

HELP = "fill the tables of a day, or of all days, again"

SCANS_OF_LANDING = 10
"""How often the statements of one window read the landing table."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro rebuild`."""
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--day", metavar="YYYY-MM-DD", help="the day on which the events happened")
    what.add_argument("--all", action="store_true", help="every day that landing has (this machine)")
    add("--arrived-until", metavar="YYYY-MM-DD", help="last day of arrival to look at (a week after --day)")
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--dry-run", action="store_true", help="say what would be filled, no more")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 it could not run."""
    progress = Progress()
    day = _date(args.day) if args.day else None
    pipeline = open_pipeline(args.env, args.home) if args.env else None
    summary = _here(args, day, progress) if pipeline is None else _on_aws(args, pipeline, day, progress)
    progress.say(
        ("would rebuild: " if args.dry_run else "rebuilt: ")
        + ", ".join(f"{value} {name}" for name, value in summary.items())
    )
    audit(
        args.home,
        "rebuild",
        {"day": args.day, "all": args.all, "env": args.env, "dry_run": args.dry_run},
        summary,
        *((pipeline.client("s3"), pipeline.bucket) if pipeline else ()),
    )
    return 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(f"{text!r} is no day; write it as 2026-11-21", "no_day") from None


def _here(args: argparse.Namespace, day: date | None, progress: Progress) -> dict[str, Any]:
    files = sorted((args.home / "lake" / "enriched").rglob("*.parquet"))
    if not files:
        raise Problem(
            f"no landing files under {args.home / 'lake'}; rastro tables brings them from a running stack",
            "no_landing",
        )
    landing = Tables(files)
    happened = "coalesce(event_date, CAST(event_at AS date))"
    where = f"WHERE {happened} = DATE '{day}'" if day else ""
    arrivals = [row["dt"] for row in landing.rows(f"SELECT DISTINCT dt FROM enriched {where} ORDER BY dt")]  # noqa: S608 - dates of our own making
    size = sum(file.stat().st_size for file in files)
    progress.say(
        f"rebuild: rows of {len(arrivals)} days of arrival, {len(files)} files, {size:,} bytes; costs nothing here"
    )
    if args.dry_run or not arrivals:
        return {"days of arrival": len(arrivals), "changes": 0}
    with only_writer(args.home, "rebuild"):
        jobs = Jobs(IcebergTables(args.home / "tables"), files, progress.note)
        for dt in arrivals:
            if day:
                jobs.window(Window(dt, 0, 23, day, day))
            else:
                jobs.night(dt)
    return {"days of arrival": len(arrivals), "changes": jobs.changes}


def _on_aws(
    args: argparse.Namespace, pipeline: Pipeline, day: date | None, progress: Progress
) -> dict[str, Any]:
    if day is None:
        raise Problem(
            "--all is for this machine; on AWS name the days one by one: each costs a scan of its arrivals",
            "all_days",
        )
    until = _date(args.arrived_until) if args.arrived_until else day + timedelta(days=8)
    arrivals = [day - timedelta(days=1) + timedelta(days=n) for n in range((until - day).days + 2)]
    s3 = pipeline.client("s3")
    size = sum(
        entry.size
        for dt in arrivals
        for entry in listed(s3, pipeline.bucket, f"{layout.ENRICHED}{layout.DAY}={dt}/")
    )
    usd = estimate.of_scans(pipeline, size * SCANS_OF_LANDING)
    progress.say(
        f"rebuild: {len(arrivals)} windows, one for each day of arrival until {until}; {size:,} bytes of landing,"
        f" about {usd:.4f} USD at list prices"
    )
    figures = {"windows": len(arrivals), "bytes of landing": size, "USD at list prices": round(usd, 4)}
    if not args.dry_run:
        windows = [Window(dt.isoformat(), 0, 23, day, day) for dt in arrivals]
        figures["filled"] = fill(pipeline, args.home, windows, progress)
    return figures
