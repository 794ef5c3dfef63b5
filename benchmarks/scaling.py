"""What an event costs as a shard grows: open visitors, distinct clients, the size of an event.

The core in process with its state, flushes included (every 10,000 events the touched visitors are packed, as a save
does); one event to a record. One axis moves while the others stand still: 10,000 visitors, 1,000 clients, events as
the shop has them. Shards in a task are measured live: `consumer-stack --shards N`.
"""

import argparse
import gc
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from itertools import islice
from typing import Any

import orjson

from benchmarks.mixes import stream
from benchmarks.workload import sites
from enrich_consumer.core import enrichments, pipeline
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from rastro.terminal.tables import table
from reference_data.databases import open_references

HELP = "microseconds an event as visitors, clients and events grow"

FLUSH = 10_000
STEPS = (1_000, 10_000, 100_000, 1_000_000)
BYTES = (0, 1_000, 2_000, 4_000, 8_000)
"""Added to each event; 0: as the shop has it."""
FIRST = int(IPv4Address("177.32.0.0"))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--events", type=int, default=20_000, help="measured for each point (default 20000)")
    add("--most", type=int, default=1_000_000, help="visitors and clients at most (default 1000000)")
    add("--axis", choices=AXES, nargs="+", default=list(AXES), help="which (default all)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Each point of each axis, from a fresh state."""
    figures: dict[str, Any] = {"compiled": str(pipeline.__file__).endswith(".so")}
    rows = []
    for axis in args.axis:
        for value in AXES[axis]:
            if axis == "event_bytes" or value <= args.most:
                seen = AXIS_RUN[axis](value, args.events)
                rows.append({"axis": axis, "value": value, **seen})
                figures |= {f"{axis}_{value}_{name}": figure for name, figure in seen.items()}
    print(table(rows), file=sys.stderr)
    return figures


def _visitors(value: int, events: int) -> dict[str, float]:
    return _measure(events, visitors=value, fill=value)


def _clients(value: int, events: int) -> dict[str, float]:
    return _measure(events, clients=value)


def _sizes(value: int, events: int) -> dict[str, float]:
    return _measure(events, padding=value)


AXES: dict[str, tuple[int, ...]] = {"open_visitors": STEPS, "distinct_clients": STEPS, "event_bytes": BYTES}
AXIS_RUN: dict[str, Callable[[int, int], dict[str, float]]] = {
    "open_visitors": _visitors,
    "distinct_clients": _clients,
    "event_bytes": _sizes,
}


def _measure(
    events: int, *, visitors: int = 10_000, clients: int = 1_000, padding: int = 0, fill: int = 0
) -> dict[str, float]:
    """CPU of an event in the core and of its share of a flush, after as many events that do not count."""
    state, all_sites = ShardState(), sites()
    enrich = enrichments.build(open_references(None, None))
    rng = random.Random(visitors + clients + padding)
    number = 0
    for start in range(0, fill, FLUSH):  # every visitor once
        for one in _records(rng, range(start, min(fill, start + FLUSH)), clients, padding):
            number += 1
            pipeline.process(Incoming(number, one), all_sites, enrich, state)
        state.mark_saved(state.dirty_visitors())
    counted = core = flush = size = 0.0
    gc.collect()
    gc.freeze()
    for counts in (False, True):
        left = events
        while left > 0:
            numbers = [rng.randrange(visitors) for _ in range(min(left, FLUSH))]
            records = list(_records(rng, numbers, clients, padding))
            left -= len(records)
            begun = time.process_time()
            for one in records:
                number += 1
                pipeline.process(Incoming(number, one), all_sites, enrich, state)
            between = time.process_time()
            state.mark_saved(state.dirty_visitors())
            if counts:
                counted += len(records)
                core += between - begun
                flush += time.process_time() - between
                size += sum(map(len, records))
    gc.unfreeze()
    return {
        "core_us": round(core / counted * 1e6, 1),
        "flush_us": round(flush / counted * 1e6, 1),
        "record_bytes": round(size / counted),
        "visitors": len(state),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _records(rng: random.Random, numbers: Any, clients: int, padding: int) -> Iterator[bytes]:
    """One event each, of these visitors; the client is any of so many (an IP address and an agent of its own)."""
    numbers = list(numbers)
    for number, data in zip(
        numbers, islice(stream("shop", rng.getrandbits(30), 1), len(numbers)), strict=True
    ):
        record = orjson.loads(data)
        client = rng.randrange(clients)
        record["visitor_id"] = f"v{number:07d}"
        record["ip"] = str(IPv4Address(FIRST + client % 20_000 * 256))
        record["user_agent"] = (
            f"Mozilla/5.0 (Linux; Android 14; K{client // 20_000}) AppleWebKit/537.36 Chrome/130.0"
        )
        if padding:
            record["events"][0]["properties"] = {
                "text": ("algodão orgânico " * (padding // 17 + 1))[:padding]
            }
        yield orjson.dumps(record)
