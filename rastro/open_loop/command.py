"""`rastro load --rate R --for T`: its options, what it prints, its exit status."""

import argparse
import json
import math
import re
from itertools import islice
from typing import Any

from rastro.access_log.source import Log
from rastro.access_log.visitors import visitor_key
from rastro.open_loop import destination as destinations
from rastro.open_loop import run as runs
from rastro.open_loop.profile import PROFILES
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress
from rastro.terminal.tables import table

MOST_VIEWS = 100_000
"""Of a log, kept in memory by each process; then it begins anew."""
MOST_EVENTS = 20_000_000
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options that go with --for."""
    add = parser.add_argument_group("a load test").add_argument
    add("--for", dest="for_", metavar="T", help="how long: 90s, 5m, 1h; makes it a load test")
    add(
        "--profile",
        choices=PROFILES,
        default="steady",
        help="; ".join(f"{name}: {profile.help}" for name, profile in PROFILES.items()),
    )
    add("--processes", type=int, default=2, metavar="N", help="that send (%(default)s)")
    add("--connections", type=int, default=16, metavar="N", help="of each process (%(default)s)")
    add("--per-request", type=int, default=0, metavar="N", help="events of each request of the shop (1 to 8)")
    add("--seed", type=int, default=1, metavar="S", help="another seed, another load (%(default)s)")
    add("--env", metavar="ENV", help="a deployed environment; its ledger is asked of Athena")
    add("--patience", type=float, default=120.0, metavar="S", help="wait for the lake so long without news")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 nothing lost, 1 something was, 2 it could not run."""
    wanted = _wanted(args)
    if args.api_url and not args.env:
        raise Problem("--api-url alone says not where events arrive; name the environment with --env")
    if args.to_raw or args.verify:
        raise Problem("--to-raw and --verify go without --for; a load test always ends with its ledger")
    destination = (
        destinations.deployed(args.env, args.api_url, args.key) if args.env else destinations.local(args.home)
    )
    progress = Progress()
    mean = PROFILES[wanted.profile].mean()
    progress.say(
        f"{wanted.profile}: at most {wanted.rate:g} events a second for {wanted.seconds:g} s,"
        f" {wanted.rate * wanted.seconds * mean:,.0f} in all, from {wanted.processes} processes"
    )
    folder = args.home / "loads" / "open-loop"
    document = runs.run(destination, wanted, folder, progress.note)
    file = folder / "result.json"
    runs.write(document, file)
    progress.say(text_of(document))
    progress.say(f"result: {file}")
    if args.json:
        print(json.dumps(document), flush=True)
    return int(document["ledger"]["lost"] > 0 or document["ledger"]["strangers"] > 0)


def _wanted(args: argparse.Namespace) -> runs.Wanted:
    seconds = duration(args.for_)
    if not (args.rate > 0 and math.isfinite(args.rate)):
        raise Problem("--for needs --rate, events a second, more than 0")
    if args.rate * seconds > MOST_EVENTS:
        raise Problem(
            f"{args.rate * seconds:,.0f} events are more than {MOST_EVENTS:,}, which the ledger holds"
        )
    for name in ("processes", "connections"):
        if not 1 <= getattr(args, name) <= 256:
            raise Problem(f"--{name} must be between 1 and 256, not {getattr(args, name)}")
    if not 0 <= args.per_request <= 500:
        raise Problem(f"--per-request must be between 1 and 500, not {args.per_request}")
    views = _views(args.access_log) if args.access_log else ()
    return runs.Wanted(
        rate=args.rate,
        seconds=seconds,
        profile=args.profile,
        processes=args.processes,
        connections=args.connections,
        seed=args.seed,
        together=args.per_request,
        patience=args.patience,
        views=views,
        site_url=args.site_url.rstrip("/"),
        visitor_key=visitor_key(args.home) if args.env else None,
    )


def duration(text: str) -> float:
    """Seconds of `90`, `90s`, `1.5m`, `1h`.

    Raises:
        Problem: it is none, or none that can be.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= seconds <= 24 * 3600:
        raise Problem(f"--for is {text!r}; write a time between 1s and 24h, for example 90s or 5m")
    return seconds


def _views(name: str) -> tuple[Any, ...]:
    log = Log(name)
    try:
        log.survey()  # which finds the clock that is right
        views = tuple(islice(log.page_views(), MOST_VIEWS))
    finally:
        log.close()
    if not views:
        raise Problem(f"no page view in {name}")
    return views


def text_of(document: dict[str, Any]) -> str:
    """The result for a person."""
    ledger = document["ledger"]
    ways = {
        "POST to answer": "post_to_answer",
        "POST to enriched stream": "post_to_enriched",
        "POST to Parquet": "post_to_parquet",
        "sent later than due": "sent_late",
    }
    rows = [
        {
            "ms": title,
            **{name.removesuffix("_ms"): value for name, value in document[key].items() if name != "hdr"},
        }
        for title, key in ways.items()
        if document[key]["count"]
    ]
    cores = ", ".join(f"{name} {value:.2f}" for name, value in document["cores_used"].items())
    asked = document["events_expected"]
    parts = [
        f"{document['events']:,} of {asked:,} events in {document['requests']:,} requests",
        f"answers {document['statuses']}",
        f"{document['events_per_s']:,} events a second",
        table(rows).rstrip(),
        f"cores of {document['cores']}: {cores}",
        "ledger, by event id: "
        + ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in ledger.items()),
    ]
    late = document["sent_late"].get("p99_ms", 0.0)
    if late > 100:
        parts.append(
            f"one request in a hundred was sent {late:,.0f} ms late or more: no connection was free. The latencies hold"
            " (they count from when a request was due); more --connections or --processes send sooner."
        )
    parts += [f"{count:,} times: {trouble}" for trouble, count in document["troubles"].items()]
    if ledger["lost"]:
        parts.append(f"{ledger['lost']:,} ACCEPTED EVENTS ARE NOT IN THE LAKE")
    return "\n".join(parts)
