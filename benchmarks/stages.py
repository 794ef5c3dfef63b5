"""Where an event's time goes inside the core: the stages one after the other, in process.

Each figure is the time up to the end of a stage less the time up to its start: microseconds of CPU per event, the
best of several rounds. Every round begins with empty caches of shared columns.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.mixes import MIXES, take
from benchmarks.workload import sites
from enrich_consumer.core import enrichments, pipeline
from enrich_consumer.core.decode import decode
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.parsing import clean_urls
from enrich_consumer.core.parsing.properties import is_suspicious
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from reference_data.databases import open_references

HELP = "microseconds of each stage of the core"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--events", type=int, default=20_000, help="events of a round (default 20000)")
    parser.add_argument("--mix", default="shop", help=f"{', '.join(MIXES)} or log:FILE (default shop)")
    parser.add_argument("--per-record", type=int, default=10, help="events of a record (default 10)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the best counts (default 5)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and print a table to stderr."""
    records = [
        Incoming(number, data) for number, data in enumerate(take(args.mix, 1, args.events, args.per_record))
    ]
    events = len(records) * int(args.per_record)
    all_sites = sites()
    references = open_references(None, None)
    decoded = [decode(one, all_sites) for one in records]
    texts = [event["properties"] for one in decoded for event in one.events if event.get("properties")]
    del decoded
    gc.collect()
    gc.freeze()  # as the record processor does

    def whole(enrich: Enrich) -> None:
        state = ShardState()
        for one in records:
            pipeline.process(one, all_sites, enrich, state)

    def best(stage: Callable[[Enrich], None]) -> float:
        least = min(_seconds(stage, enrichments.build(references)) for _ in range(args.rounds))
        return least / events * 1e6

    decode_us = best(lambda _: _each(lambda one: decode(one, all_sites), records))
    enrich_us = best(lambda enrich: _each(lambda one: enrich(decode(one, all_sites)), records))
    total_us = best(whole)
    times = {
        "decode_us": decode_us,
        "enrich_us": enrich_us - decode_us,
        "of_it_the_look_at_properties_us": best(lambda _: _each(is_suspicious, texts)),
        "sessions_and_line_us": total_us - enrich_us,
        "total_us": total_us,
    }
    figures: dict[str, Any] = {"mix": args.mix}
    figures |= {name: round(value, 2) for name, value in times.items()}
    for name, value in figures.items():
        print(f"{name:40} {value!s:>8}", file=sys.stderr)
    return figures


def _each(work: Callable[[Any], object], items: Sequence[Any]) -> None:
    for item in items:
        work(item)


def _seconds(stage: Callable[[Enrich], None], enrich: Enrich) -> float:
    """CPU of one round."""
    clean_urls.clear()
    start = time.process_time()
    stage(enrich)
    return time.process_time() - start
