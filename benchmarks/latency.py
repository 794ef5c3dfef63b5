"""From POST to the answer, the enriched stream and Parquet on the local stack, at shares of the sustained rate.

The sustained rate is found first: rates half again as high each, a few seconds each, until a request in a hundred waits
a second or more for its answer, or one is refused. Then each share of it with the ledger. Generator, gateway, function,
streams and consumer share this machine's cores: the figures are of the emulator, not of AWS. `--put-seconds 5` is how
it was before puts and saves were counted apart.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.counted_stack import Counted, counted
from rastro.open_loop import destination as destinations
from rastro.open_loop import run as runs
from rastro.terminal.errors import Problem
from rastro.terminal.tables import table

HELP = "POST to answer, enriched stream and Parquet on the local stack"

SHARES = (25, 50, 80)
SLOW_MS = 1000.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--seconds", type=float, default=40.0, help="of each share (default 40)")
    add("--step-seconds", type=float, default=8.0, help="of each rate while searching (default 8)")
    add("--first", type=float, default=30.0, help="events a second to begin with (default 30)")
    add("--sustained", type=float, help="events a second, instead of searching")
    add("--shares", type=int, nargs="+", default=list(SHARES), help="percent (default 25 50 80)")
    add("--put-seconds", type=float, default=0.25, help="RASTRO_PUT_SECONDS of the consumer (default 0.25)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Search, then measure each share."""
    figures: dict[str, Any] = {"put_seconds": args.put_seconds}
    with tempfile.TemporaryDirectory(prefix="rastro-latency-") as folder:
        env = {"RASTRO_PUT_SECONDS": f"{args.put_seconds:g}"}
        with counted(Path(folder) / "home", env) as stack:
            destination = destinations.local(Path(folder) / "home")
            _fire(
                destination, args.first, 10.0, Path(folder), patience=60.0
            )  # cold: the consumer takes its leases
            sustained, limit = (
                (args.sustained, {}) if args.sustained else _search(destination, args, Path(folder))
            )
            figures |= {"sustained_events_per_s": round(sustained), "saturated_by": limit}
            for share in args.shares:
                rate = sustained * share / 100
                figures[f"at_{share}"] = _measure(stack, destination, rate, args.seconds, Path(folder))
    figures["load_average"] = [round(value, 1) for value in os.getloadavg()]
    _print(figures, args.shares)
    return figures


def _fire(
    destination: destinations.Destination, rate: float, seconds: float, folder: Path, patience: float
) -> dict[str, Any]:
    wanted = runs.Wanted(rate=rate, seconds=seconds, processes=1, patience=patience, seed=int(rate * 10))
    return runs.run(destination, wanted, folder / "run", lambda _: None)


def _search(
    destination: destinations.Destination, args: argparse.Namespace, folder: Path
) -> tuple[float, dict[str, Any]]:
    """(sustained rate, what the first rate that was too high showed)."""
    rate, good = args.first, 0.0
    while True:
        seen = _fire(destination, rate, args.step_seconds, folder, patience=0.0)
        p99, ledger = seen["post_to_answer"]["p99_ms"], seen["ledger"]
        cores = ", ".join(f"{name} {value:.2f}" for name, value in seen["cores_used"].items())
        print(f"{rate:8.0f} events/s: answer p99 {p99:8.0f} ms; cores {cores}", file=sys.stderr)
        if p99 >= SLOW_MS or ledger["refused"] or ledger["unanswered"]:
            if not good:
                raise Problem(f"{rate:g} events a second are too many already; begin with a lower --first")
            return good, {"rate": rate, "p99_ms": p99, "cores_used": seen["cores_used"]}
        good, rate = rate, rate * 1.5


def _measure(
    stack: Counted, destination: destinations.Destination, rate: float, seconds: float, folder: Path
) -> dict[str, Any]:
    facts = stack.local.facts
    _, before = stack.stream(facts.enriched_stream)
    calls = stack.calls()
    seen = _fire(destination, rate, seconds, folder, patience=90.0)
    after = stack.calls()
    records, _ = stack.stream(facts.enriched_stream, before)
    made = {
        key: {name: value for name, value in seen[key].items() if name != "hdr"}
        for key in ("post_to_answer", "post_to_enriched", "post_to_parquet", "sent_late")
    }
    return made | {
        "events_per_s": seen["events_per_s"],
        "requests_per_s": seen["requests_per_s"],
        "ledger": seen["ledger"],
        "cores_used": seen["cores_used"],
        "enriched_records": len(records.bytes),
        "events_of_a_record": round(sum(records.events) / len(records.bytes), 2) if records.bytes else 0,
        "consumer_calls": {name: after[name] - calls.get(name, 0) for name in sorted(after)},
    }


def _print(figures: dict[str, Any], shares: list[int]) -> None:
    rows = []
    for share in shares:
        found = figures[f"at_{share}"]
        for key in ("post_to_answer", "post_to_enriched", "post_to_parquet"):
            names = ("p50_ms", "p95_ms", "p99_ms", "p99.9_ms", "max_ms")
            values = {name.removesuffix("_ms"): round(found[key].get(name, 0)) for name in names}
            rows.append({"share": f"{share} %", "events/s": found["events_per_s"], "ms": key, **values})
    print(
        f"sustained: {figures['sustained_events_per_s']} events/s; {figures['saturated_by']}", file=sys.stderr
    )
    print(table(rows), file=sys.stderr)
    for share in shares:
        found = figures[f"at_{share}"]
        print(
            f"{share} %: {found['ledger']}\n     {found['cores_used']}\n     {found['consumer_calls']}",
            file=sys.stderr,
        )
