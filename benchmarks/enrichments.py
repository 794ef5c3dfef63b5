"""What each enrichment costs, and how often its caches know the answer.

Each part of each enrichment is timed where it is called, so its figure holds a call's own overhead (some 0.1 µs).
Microseconds per event: `cold` is the first pass over the events, with empty caches, `warm` the best of later
passes, in which most agents and pages are cached and only the parts for single events run.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.workload import raw_records, sites
from enrich_consumer.core.decode import decode
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.engine.runner import Runner
from enrich_consumer.core.enrichments import ENRICHMENTS
from enrich_consumer.core.record import Incoming
from reference_data.databases import open_references
from reference_data.lookups import References
from schemas import Sites

HELP = "microseconds of each enrichment, hit rates of the caches"
PARTS = Step._fields[:-1]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--events", type=int, default=10_000, help="events of a pass (default 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="warm passes; the best counts (default 7)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and print a table to stderr."""
    records = [Incoming(number, data) for number, data in enumerate(raw_records(1, args.events, 10))]
    all_sites = sites()
    spent: Counter[str] = Counter()
    made = Runner([_timed(spec, spent) for spec in ENRICHMENTS], open_references(None, None))
    names = [spec.name for spec in ENRICHMENTS]
    cold = _pass(made, records, all_sites, spent)
    rates = {name: _rate(info()) for name, info in made.caches.items()}
    warm = [_pass(made, records, all_sites, spent) for _ in range(args.rounds)]
    figures: dict[str, Any] = {}
    for name in (*names, "all"):
        figures[f"{name}_cold_us"] = round(cold[name], 2)
        figures[f"{name}_warm_us"] = round(min(one[name] for one in warm), 2)
    figures |= {f"{name}_hit_rate": rate for name, rate in rates.items()}
    for name, value in figures.items():
        print(f"{name:30} {value:>8}", file=sys.stderr)
    return figures


def _timed(spec: Enrichment, spent: Counter[str]) -> Enrichment:
    """The same enrichment, adding the nanoseconds of its parts to `spent` under its name."""

    def timed(part: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            start = time.perf_counter_ns()
            try:
                return part(*given)
            finally:
                spent[spec.name] += time.perf_counter_ns() - start

        return call

    def build(references: References) -> Step:
        step = spec.build(references)
        parts: dict[str, Any] = {
            name: timed(part) for name in PARTS if (part := getattr(step, name)) is not None
        }
        return step._replace(**parts)

    return spec._replace(build=build)


def _pass(made: Runner, records: list[Incoming], all_sites: Sites, spent: Counter[str]) -> dict[str, float]:
    """Microseconds per event by enrichment, and of all with what holds them together."""
    spent.clear()
    events = took = 0
    for incoming in records:
        record = decode(incoming, all_sites)
        events += len(record.events)
        start = time.perf_counter_ns()
        made.enrich(record)
        took += time.perf_counter_ns() - start
    return {name: spent[name] / events / 1e3 for name in (spec.name for spec in ENRICHMENTS)} | {
        "all": took / events / 1e3
    }


def _rate(info: Any) -> float:
    """Of the first pass: with cold caches at its start."""
    return float(round(info.hits / max(1, info.hits + info.misses), 4))
