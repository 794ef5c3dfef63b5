"""Start the local stack, post a storefront's load, wait for it in Parquet, and account for every event.

Then reports, and the stack stays up until Ctrl-C. With --once it ends by itself, non-zero if something
was lost.
"""

import argparse
import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from analytics.duckdb_tables import Tables
from lake.iceberg import IcebergTables, Jobs
from rastro.local import stack
from rastro.local.info import LEDGER
from rastro.privacy.data_stores import only_writer
from rastro.synthetic_shop import Plan, expected_sessions, plan
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress
from rastro.terminal.tables import reports
from rastro.traffic.ledger import Ledger, Promises, promises, settle
from rastro.traffic.post import Answer, Posting, Target, post_in_lanes, viewer_ip_headers
from rastro.traffic.wait_for_rows import PATIENCE_SECONDS, Watch, wait_for

HELP = "the whole pipeline on this machine under a realistic load"

DEFAULT_EVENTS = 2000
MOST_EVENTS = 200_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro demo`."""
    parser.add_argument("--once", action="store_true", help="end when everything is accounted for")
    parser.add_argument(
        "--events",
        type=int,
        default=DEFAULT_EVENTS,
        metavar="N",
        help="different events to post (%(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="another seed, another load (%(default)s)"
    )
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(".rastro"),
        metavar="DIR",
        help="where the stack lives (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON on stdout with the figures")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 all accounted for, 1 something lost or answered wrongly, 2 it could not run."""
    if not 1 <= args.events <= MOST_EVENTS:
        raise Problem(f"--events must be between 1 and {MOST_EVENTS}, not {args.events}")
    # A script may have started this with SIGINT ignored; either signal must end what is started below.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = Progress()
    begun = time.monotonic()
    with stack.start(args.home, shop=not args.once, console=not args.once, report=progress.say) as local:
        started = time.monotonic()
        now = int(time.time() * 1000)
        load = plan(args.seed, args.events, now)
        target = Target(local.facts.api_url, local.facts.site_key)
        made = _post(load, target, progress)
        posted = time.monotonic()
        _note(args.home, sent=made.sent, accepted=len(made.accepted), sent_again=made.copies)
        downloads = args.home / "lake"
        shutil.rmtree(downloads, ignore_errors=True)
        watch = Watch(local.client("s3"), local.facts, downloads)
        wait_for(
            watch,
            made.accepted,
            rejected=made.rejected,
            patience=PATIENCE_SECONDS,
            check=local.check,
            report=progress.note,
        )
        ended = time.monotonic()
        ledger = settle(made, watch.event_ids(), watch.rejected())
        _note(args.home, **ledger._asdict())
        figures: dict[str, Any] = {
            **ledger._asdict(),
            "sessions": int(watch.lake.rows("SELECT count(*) AS n FROM sessions")[0]["n"]),
            "sessions_expected": expected_sessions(load.requests, now),
            "parquet_files": watch.files,
            "seconds": round(ended - begun, 1),
            "start_seconds": round(started - begun, 1),
            "post_seconds": round(posted - started, 1),
            "wait_seconds": round(ended - posted, 1),
            "wrong_answers": len(made.surprises),
            "seed": args.seed,
            "now": now,
        }
        _report(progress, ledger, figures, made, sorted(made.accepted.difference(watch.event_ids())))
        tables = _fill_tables(args.home / "tables", watch, progress)
        figures["tables"] = {
            name: int(tables.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"])  # noqa: S608 - our own names
            for name in ("events", "orders", "sessions")
        }
        progress.say(reports(tables))
        good = not ledger.lost and not made.surprises
        if args.json:
            print(json.dumps(figures), flush=True)
        if not args.once:
            _stay(local, progress)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # stopping takes some seconds and must come to its end
    return 0 if good else 1


def _post(load: Plan, target: Target, progress: Progress) -> Promises:
    """Post the load and the requests that must be refused whole; what the answers promise."""
    answers: dict[int, Answer] = {}
    postings = [
        Posting(
            request.visitor,
            (*request.headers, *viewer_ip_headers(request.ip)),
            request.body,
            request.key_in_query,
        )
        for request in load.requests
    ]
    total = len(postings)

    def answered(index: int, answer: Answer) -> None:
        answers[index] = answer
        progress.note(f"posted: {len(answers)} of {total} requests")

    post_in_lanes(target, postings, answered)
    made = promises(load.requests, answers)
    refused: dict[int, Answer] = {}
    probes = [
        Posting(str(i), probe.headers, probe.body, key=probe.key) for i, probe in enumerate(load.probes)
    ]
    post_in_lanes(target, probes, refused.__setitem__)
    surprises = tuple(
        f"probe {index}: {refused[index].status} instead of {probe.status}"
        for index, probe in enumerate(load.probes)
        if refused[index].status != probe.status
    )
    progress.say(f"posted {made.sent} events in {total} requests, {made.copies} events of them twice")
    return made._replace(surprises=made.surprises + surprises)


def _note(home: Path, **figures: int) -> None:
    """Write the figures for the console's health page."""
    (home / LEDGER).write_text(json.dumps(figures), encoding="utf-8")


def _fill_tables(folder: Path, watch: Watch, progress: Progress) -> Tables:
    """The Iceberg tables as the hourly and nightly jobs leave them, and the views over these."""
    with only_writer(folder.parent, "demo"):
        shutil.rmtree(folder, ignore_errors=True)
        jobs = Jobs(IcebergTables(folder), watch.enriched_files, progress.note)
        for row in watch.lake.rows("SELECT DISTINCT dt FROM enriched ORDER BY dt"):
            jobs.night(row["dt"])
    progress.say(f"tables filled: {folder} (events, orders, sessions; docs/tables.md)")
    return jobs.lake


def _report(
    progress: Progress, ledger: Ledger, figures: dict[str, Any], made: Promises, missing: list[str]
) -> None:
    matches = (
        "as counted from the requests"
        if figures["sessions"] == figures["sessions_expected"]
        else (f"but {figures['sessions_expected']} counted from the requests")
    )
    progress.say(
        f"""
Loss ledger, by event id
  sent        {ledger.sent:>8,}
  accepted    {ledger.accepted:>8,}
  rejected    {ledger.rejected:>8,}   rows of the rejected table, copies too: {ledger.rejected_stored:,}
  enriched    {ledger.enriched:>8,}   accepted events that are in Parquet
  lost        {ledger.lost:>8,}   {"nothing" if not ledger.lost else "EVENTS WERE LOST"}
  sent again  {ledger.copies:>8,}   copies in repeated requests
  duplicates  {ledger.duplicates:>8,}   rows beyond the first of their event
  sessions    {figures["sessions"]:>8,}   {matches}
  {figures["parquet_files"]:,} Parquet files, {figures["seconds"]} s: start {figures["start_seconds"]},\
 post {figures["post_seconds"]}, delivery {figures["wait_seconds"]}
"""
    )
    for event_id in missing[:10]:
        progress.say(f"lost: {event_id}")
    for surprise in made.surprises[:10]:
        progress.say(f"wrong answer: {surprise}")


def _stay(local: stack.LocalStack, progress: Progress) -> None:
    facts = local.facts
    progress.say(
        f"""The stack stays up. Ctrl-C stops everything it started.
  console     {facts.console_url}   every event, session and refusal as it happens
  shop        {facts.shop_url}   open this in a browser: every click arrives in the pipeline
  events      {facts.api_url}/v1/events   (site key {facts.site_key})
  emulator    {facts.aws_endpoint}   (S3, Kinesis, Glue ...)
  logs        {facts.logs}
  facts       {facts.home}/local.json

Try:
  curl -i '{facts.api_url}/v1/events?key={facts.site_key}' -H 'Content-Type: application/json' \\
    -d '{{"event":"page_view","visitor_id":"me","page":{{"url":"https://www.loja.example/"}}}}'
"""
    )
    try:
        while True:
            local.check()
            time.sleep(1)
    except KeyboardInterrupt:
        progress.say("stopping")
