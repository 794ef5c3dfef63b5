"""What each enrichment costs, and how often its caches know the answer.

Measured by leaving it out: the time of all less the time without it, on events freshly decoded from bytes,
as the consumer sees them. Microseconds of CPU per event, the best of several rounds.
"""

import argparse
import sys
import time
from typing import Any

from benchmarks.workload import raw_records, sites
from enrich_consumer.core.decode import decode
from enrich_consumer.core.enrich import ENRICHMENTS
from enrich_consumer.core.enrich.assembly import Assembled, assemble
from enrich_consumer.core.record import Incoming
from enrich_consumer.edges.reference_data import open_references
from schemas import Sites

HELP = "microseconds of each enrichment, hit rates of the caches"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--events", type=int, default=10_000, help="events of a round (default 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds; the best counts (default 7)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and print a table to stderr."""
    records = [Incoming(number, data) for number, data in enumerate(raw_records(1, args.events, 10))]
    known = sites()
    references = open_references(None, None)
    made = {"all": assemble(ENRICHMENTS, references)}
    cold = _round(made["all"], records, known)
    rates = {name: _rate(info()) for name, info in made["all"].caches.items()}
    for spec in ENRICHMENTS:
        made[spec.name] = assemble([other for other in ENRICHMENTS if other is not spec], references)
    best = dict.fromkeys([*made, "decode"], float("inf"))
    for _ in range(args.rounds):
        best["decode"] = min(best["decode"], _round(None, records, known))
        for name, one in made.items():
            best[name] = min(best[name], _round(one, records, known))
    figures: dict[str, Any] = {
        "decode_us": round(best["decode"], 2),
        "all_warm_us": round(best["all"] - best["decode"], 2),
        "all_cold_us": round(cold - best["decode"], 2),
    }
    figures |= {f"{spec.name}_us": round(best["all"] - best[spec.name], 2) for spec in ENRICHMENTS}
    figures |= {f"{name}_hit_rate": rate for name, rate in rates.items()}
    for name, value in figures.items():
        print(f"{name:30} {value:>8}", file=sys.stderr)
    return figures


def _round(made: Assembled | None, records: list[Incoming], known: Sites) -> float:
    """Microseconds per event."""
    events = 0
    start: float = time.process_time()
    for incoming in records:
        record = decode(incoming, known)
        events += len(record.events)
        if made:
            made.enrich(record)
    took = time.process_time() - start
    return took / events * 1e6


def _rate(info: Any) -> float:
    """Of the first round: with cold caches at its start."""
    return float(round(info.hits / max(1, info.hits + info.misses), 4))
