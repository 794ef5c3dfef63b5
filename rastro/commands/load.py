"""Turn a web server's log into page views and post them, or write them as raw records; with --for, a load test.

Page views of pages, not of the files that pages load. Posted, the newest becomes now and all gaps stay.
With --rate R --for T: R events a second for that long, at times set beforehand, of the made-up shop or of the log over
and over; then latencies (HDR histograms) and the ledger of every event.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rastro.access_log import resume
from rastro.access_log.event import PageView, event_id
from rastro.access_log.posting import post_log
from rastro.access_log.raw_records import raw_lines
from rastro.access_log.requests import Shape
from rastro.access_log.session_count import count_sessions
from rastro.access_log.source import Log, Survey
from rastro.access_log.visitors import visitor_key
from rastro.local import emulator, info
from rastro.open_loop import command as test
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress
from rastro.traffic.post import Target
from rastro.traffic.wait_for_rows import PATIENCE_SECONDS, Watch, wait_for

HELP = "a web server's log as events, or a load test"

TAKEN_MS = 7 * 24 * 3600 * 1000 - 3600 * 1000
"""The pipeline takes events of more than seven days for those of a wrong clock; an hour is for the posting."""

Figures = dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro load`."""
    add = parser.add_argument
    add(
        "--access-log",
        metavar="FILE",
        help="in any known format, plain or packed; - for stdin",
    )
    add("--to-raw", metavar="FILE", help="write raw records with the log's own times; - for stdout")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--api-url", metavar="URL", help="post to another stack than the local one; needs --key")
    add("--key", help="the site key of --api-url")
    add("--site", default="loja", help="site of the raw records (%(default)s)")
    add(
        "--site-url", default="https://www.loja.example", metavar="URL", help="before the paths (%(default)s)"
    )
    add(
        "--rate",
        type=float,
        default=0.0,
        metavar="N",
        help="at most N events a second (no limit); with --for exactly",
    )
    add("--from-start", action="store_true", help="do not go on where an earlier load stopped")
    add("--verify", action="store_true", help="wait for Parquet and compare the sessions (local stack only)")
    add("--json", action="store_true", help="one line of JSON on stdout with the figures")
    test.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 well, 1 something lost or other sessions than counted, 2 it could not run."""
    if args.for_:
        return test.run(args)
    if not args.access_log:
        raise Problem("name a log (--access-log FILE), or say how fast and how long: --rate 50 --for 1m")
    if args.env:
        raise Problem("--env goes with --for; a log is posted to another stack with --api-url and --key")
    if args.api_url and (not args.key or args.verify):
        raise Problem("--api-url needs --key, and does not go with --verify, which reads the local stack")
    progress = Progress()
    log = Log(args.access_log)
    try:
        survey = log.survey()
        if not survey.page_views:
            unreadable = f"{survey.unreadable:,} of {survey.lines:,} lines are in no known format"
            raise Problem(f"no page view in {args.access_log}; {unreadable}")
        figures: Figures = {
            "lines": survey.lines,
            "unreadable": survey.unreadable,
            "page_views": survey.page_views,
            "wrong_clock": survey.wrong_clock,
        }
        _report_survey(survey, progress)
        good = (
            _to_raw(args, log, survey, figures)
            if args.to_raw
            else _post(args, log, survey, figures, progress)
        )
    finally:
        log.close()
    progress.say(", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in figures.items()))
    if args.json:
        print(json.dumps(figures | {"formats": dict(survey.formats)}), flush=True)
    return 0 if good else 1


def _report_survey(survey: Survey, progress: Progress) -> None:
    progress.say(
        f"{survey.lines:,} lines, {survey.page_views:,} page views, {survey.unreadable:,} unreadable lines"
    )
    for name, lines in survey.formats.most_common():
        progress.say(f"format: {name} ({lines:,} lines)")
    if survey.unreadable:
        first = ", ".join(map(str, survey.first_unreadable))
        progress.say(f"in no format that is known, for example line {first}")
    if survey.wrong_clock:
        progress.say(
            f"{survey.wrong_clock:,} page views were written by a wrong clock; they count when the one before them was"
        )
    if survey.is_disordered:
        progress.say("the lines are not in the order of their times; they are loaded in it")
    if survey.breaks_off:
        progress.say(f"the log breaks off {survey.breaks_off}; what could be read is loaded")


def _to_raw(args: argparse.Namespace, log: Log, survey: Survey, figures: Figures) -> bool:
    key = visitor_key(args.home)
    name = "/dev/stdout" if args.to_raw == "-" else args.to_raw
    try:
        with open(name, "wb") as file:  # noqa: PTH123 - a name, maybe of stdout
            file.writelines(raw_lines(log.page_views(), survey.fingerprint, args.site, args.site_url, key))
    except OSError as error:
        raise Problem(f"cannot write {args.to_raw}: {error.strerror or error}") from None
    figures["sessions_expected"] = count_sessions(log.page_views())
    return True


def _post(args: argparse.Namespace, log: Log, survey: Survey, figures: Figures, progress: Progress) -> bool:
    if args.api_url:
        # A deployed API believes no IP address that a client claims, so visitors are named here.
        target, key = Target(args.api_url.rstrip("/"), args.key), visitor_key(args.home)
    else:
        local = info.read(args.home)
        target, key = Target(local.api_url, local.site_key), None
    now = int(time.time() * 1000)
    mark_path = args.home / "loads" / f"{survey.fingerprint}.json"
    mark = None if args.from_start else resume.read(mark_path)
    if mark:
        progress.say(f"going on after line {mark.through:,}; --from-start begins anew")
    else:
        mark = resume.Mark(through=0, posted=0, shift=now - survey.newest)

    def taken() -> Iterator[PageView]:
        return (view for view in log.page_views() if view.line.at + mark.shift > now - TAKEN_MS)

    left_out = survey.page_views - sum(1 for _ in taken())
    if left_out:
        progress.say(
            f"{left_out:,} page views are about a week older than the newest: left out, see --to-raw"
        )
    figures |= {"too_old": left_out, "sessions_expected": count_sessions(taken())}
    shape = Shape(survey.fingerprint, args.site_url.rstrip("/"), mark.shift, key)
    outcome, _ = post_log(
        taken(),
        shape,
        target,
        mark,
        mark_path,
        rate=args.rate,
        report=lambda posted: progress.note(
            f"posted: {posted:,} of {survey.page_views - left_out:,} page views"
        ),
    )
    mark_path.unlink(missing_ok=True)
    figures |= {"accepted": len(outcome.accepted), "rejected": outcome.reasons.total()}
    for reason, count in outcome.reasons.most_common():
        progress.say(f"rejected: {count:,} {reason}")
    if not args.verify:
        return True
    # of earlier runs too, which posted what this one skipped
    stored = {event_id(survey.fingerprint, view) for view in taken()} - outcome.rejected
    return _verify(args, stored, figures, progress.note)


def _verify(
    args: argparse.Namespace, stored: set[str], figures: Figures, report: Callable[[str], None]
) -> bool:
    """Compare with what is in the lake: losses per event id, and the number of sessions."""
    local = info.read(args.home)
    downloads = args.home / "lake"
    shutil.rmtree(downloads, ignore_errors=True)
    watch = Watch(emulator.client(local.aws_endpoint, "s3"), local, downloads)
    wait_for(watch, stored, rejected=0, patience=PATIENCE_SECONDS, check=lambda: None, report=report)
    rows = watch.lake.rows("SELECT event_id, site, visitor_id, session_id FROM events")
    ours = [row for row in rows if row["event_id"] in stored]
    figures["enriched"] = len(ours)
    figures["lost"] = len(stored) - len(ours)
    figures["sessions"] = len({(row["site"], row["visitor_id"], row["session_id"]) for row in ours})
    return not figures["lost"] and figures["sessions"] == figures["sessions_expected"]
