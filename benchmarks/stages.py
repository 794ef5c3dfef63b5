"""Where an event's time goes inside the core: the stages one after the other, in process, ten events to a record.

Each figure is the time up to the end of a stage less the time up to its start: microseconds of CPU per event, the
best of several rounds. Of the compiled core:

    PYTHONSAFEPATH=1 PYTHONPATH=build/compiled:. python -m benchmarks stages
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.workload import raw_records, sites
from enrich_consumer.core import enrichments, pipeline
from enrich_consumer.core.decode import decode
from enrich_consumer.core.parsing.properties import is_suspicious
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from reference_data.databases import open_references

HELP = "microseconds of each stage of the core"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--events", type=int, default=20_000, help="events of a round (default 20000)")
    parser.add_argument("--rounds", type=int, default=9, help="rounds; the best counts (default 9)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and print a table to stderr."""
    records = [Incoming(number, data) for number, data in enumerate(raw_records(1, args.events, 10))]
    known = sites()
    run_all = enrichments.build(open_references(None, None))
    decoded = [decode(one, known) for one in records]
    texts = [event["properties"] for one in decoded for event in one.events if event.get("properties")]
    del decoded
    gc.collect()
    gc.freeze()  # as the record processor does

    def whole() -> None:
        state = ShardState()
        for one in records:
            pipeline.process(one, known, run_all, state)

    def best(stage: Callable[[], None]) -> float:
        return _least(stage, args.rounds) / (len(records) * 10) * 1e6

    decode_us = best(lambda: _each(lambda one: decode(one, known), records))
    enrich_us = best(lambda: _each(lambda one: run_all(decode(one, known)), records))
    total_us = best(whole)
    times = {
        "decode_us": decode_us,
        "enrich_us": enrich_us - decode_us,
        "of_it_the_look_at_properties_us": best(lambda: _each(is_suspicious, texts)),
        "sessions_and_line_us": total_us - enrich_us,
        "total_us": total_us,
    }
    figures: dict[str, Any] = {"compiled": str(pipeline.__file__).endswith(".so")}
    figures |= {name: round(value, 2) for name, value in times.items()}
    for name, value in figures.items():
        print(f"{name:40} {value!s:>8}", file=sys.stderr)
    return figures


def _each(work: Callable[[Any], object], items: Sequence[Any]) -> None:
    for item in items:
        work(item)


def _least(stage: Callable[[], None], rounds: int) -> float:
    """Seconds of CPU of the best round."""
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        stage()
        least = min(least, time.process_time() - start)
    return least
