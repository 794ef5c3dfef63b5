"""`rastro cost` held to what the local stack counts: the same load, what the model says and what was really counted.

The stack takes an open-loop load of the shop, every request of the same number of events. Counted are the API's
requests, the records of both streams with their sizes (rounded as Kinesis and Firehose bill them), and the consumer's
calls of S3 and DynamoDB, by a proxy in front of the emulator. The model gets the environment, the rate and what one
event weighs; the result's `measured` is what `rastro cost --measured` takes.
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.counted_stack import Counted, Sizes, counted
from infra.costs.load import TYPICAL, Load, PerEvent
from infra.costs.model import SECONDS, Counts
from infra.environments import loader
from rastro.open_loop import destination as destinations
from rastro.open_loop import run as runs
from rastro.terminal.tables import table

HELP = "the cost model's counts beside those of the local stack"

FLUSH_SECONDS = 8.0
SHARDS = 2
KB, UNIT, FIREHOSE = 1024, 25 * 1024, 5 * 1024


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--rate", type=float, default=40.0, help="events a second (default 40)")
    add("--seconds", type=float, default=60.0, help="(default 60)")
    add("--per-request", type=int, default=5, help="events of each request (default 5)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Count, reckon, compare."""
    with tempfile.TemporaryDirectory(prefix="rastro-counts-") as folder:
        home = Path(folder) / "home"
        with counted(home) as stack:
            destination = destinations.local(home)
            warm = runs.Wanted(rate=args.rate, seconds=10.0, processes=1, together=args.per_request)
            runs.run(destination, warm, Path(folder) / "run", lambda _: None)
            seen, each = _count(stack, destination, args, Path(folder))
    said = reckoned(each, seen["requests"], args.per_request, seen["seconds"])
    rows = [
        {"count": name, "counted": float(seen[name]), "model": value, "off": f"{value / seen[name] - 1:+.1%}"}
        for name, value in said.items()
        if seen.get(name)
    ]
    print(table(rows), file=sys.stderr)
    return {"counted": seen, "model": said, "measured": each._asdict()}


def _count(
    stack: Counted, destination: destinations.Destination, args: argparse.Namespace, folder: Path
) -> tuple[dict[str, float], PerEvent]:
    facts = stack.local.facts
    time.sleep(FLUSH_SECONDS)
    _, raw_before = stack.stream(facts.raw_stream)
    _, enriched_before = stack.stream(facts.enriched_stream)
    before, begun = stack.calls(), time.monotonic()
    wanted = runs.Wanted(
        rate=args.rate, seconds=args.seconds, processes=1, together=args.per_request, seed=2, patience=0.0
    )
    document = runs.run(destination, wanted, folder / "run", lambda _: None)
    after, seconds = stack.calls(), time.monotonic() - begun
    time.sleep(FLUSH_SECONDS)
    raw, _ = stack.stream(facts.raw_stream, raw_before)
    enriched, _ = stack.stream(facts.enriched_stream, enriched_before)
    made = {name: after[name] - before.get(name, 0) for name in after}
    puts = made.get("Kinesis PutRecords", 0)
    each = per_event(
        raw, enriched, args.per_request, seconds * SHARDS / puts if puts else TYPICAL.put_seconds
    )
    print({name: value for name, value in sorted(made.items()) if value}, file=sys.stderr)
    found = {
        "seconds": seconds,
        "requests": float(document["requests"]),
        **billed("raw", raw),
        **billed("enriched", enriched),
        "enriched_records": float(len(enriched.bytes)),
        "state_requests": float(made.get("S3 PUT", 0) + made.get("S3 LIST", 0)),
        "lease_writes": float(
            sum(made.get(f"DynamoDB {word}", 0) for word in ("UpdateItem", "PutItem", "DeleteItem"))
        ),
        "lease_reads": float(made.get("DynamoDB Scan", 0) + made.get("DynamoDB GetItem", 0)),
    }
    return found, each


def billed(name: str, sizes: Sizes) -> dict[str, float]:
    """What the services count for these records."""

    def up(unit: int) -> float:
        return float(sum(math.ceil(size / unit) for size in sizes.bytes))

    return {f"{name}_kb": up(KB), f"{name}_put_units": up(UNIT), f"{name}_firehose_units": up(FIREHOSE)}


def per_event(raw: Sizes, enriched: Sizes, per_request: int, put_seconds: float) -> PerEvent:
    """What one event weighs. The share that a raw record has once is taken as typical; the rest is its events'."""
    of_records = statistics.fmean(raw.bytes)
    once = min(TYPICAL.record_bytes, of_records / 2)
    events = sum(enriched.events)
    mean = (sum(enriched.bytes) - TYPICAL.key_bytes * len(enriched.bytes)) / events
    # Records hold different numbers of events; what their sizes differ by beyond that is the events' own.
    own = sum(
        (size - TYPICAL.key_bytes - held * mean) ** 2
        for size, held in zip(enriched.bytes, enriched.events, strict=True)
    )
    return TYPICAL._replace(
        record_bytes=round(once, 1),
        raw_bytes=round((of_records - once) / per_request, 1),
        raw_spread=round(statistics.pstdev(raw.bytes) / math.sqrt(per_request), 1),
        enriched_bytes=round(mean, 1),
        enriched_spread=round(math.sqrt(own / events), 1),
        put_seconds=round(put_seconds, 3),
    )


def reckoned(each: PerEvent, requests: float, per_request: int, seconds: float) -> dict[str, float]:
    """The model's counts of the `local` environment for so long."""
    environment = loader.read("local")
    counts = Counts(environment, Load(requests / seconds, per_request), each)
    share = seconds / SECONDS
    return {
        "requests": counts.requests * share,
        "raw_kb": counts.raw_gb * 1e9 / KB * share,
        "raw_put_units": counts.put_units * share,
        "raw_firehose_units": counts.raw_firehose_gb * 1e9 / FIREHOSE * share,
        "enriched_records": counts.enriched_records * share,
        "enriched_kb": counts.enriched_gb * 1e9 / KB * share,
        "enriched_put_units": counts.enriched_put_units * share,
        "enriched_firehose_units": counts.enriched_firehose_gb * 1e9 / FIREHOSE * share,
        "state_requests": counts.state_requests * share,
        "lease_writes": counts.lease_writes * share,
        "lease_reads": counts.lease_reads * share,
    }
