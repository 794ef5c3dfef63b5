"""Ingest over HTTP on the local stack: open-loop load, so that a slow answer delays no later request.

Each request has its time beforehand; its latency counts from that time, also when no worker was free to send it
(no coordinated omission). The stack that runs under `--home` is used, or one is started for the run. On one machine
the generator, the gateway, the function and the stream share the cores: the figures are of the emulator, not of AWS.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks.ingest import event
from rastro.local import info, stack
from rastro.terminal.errors import Problem

HELP = "requests a second and latency of ingest on the local stack"


class Shot(NamedTuple):
    """One request: `due` in seconds after the start, its body, and how many events it holds."""

    due: float
    body: bytes
    events: int


class Hit(NamedTuple):
    """`status` 0: no answer. `seconds` from the time it was due, `late` from then until it was sent."""

    status: int
    accepted: int
    events: int
    seconds: float
    late: float


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", type=Path, default=Path(".rastro"))
    parser.add_argument("--rates", default="20,60,120", help="requests a second, one run each")
    parser.add_argument("--seconds", type=float, default=15.0, help="for each rate")
    parser.add_argument("--events", type=int, default=10, help="to a request, about 1 KB each")
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """For each rate: what was reached, how long answers took, and whether the accounts agree."""
    figures: dict[str, Any] = {}
    with _stack(args.home) as found:
        # A first run that does not count: the function's instances start, each of them cold.
        fire(found, plan(Random(args.seed), args.workers, 2.0, args.events), args.workers)
        print(f"{'rate':>6} {'reached':>8} {'p50':>8} {'p99':>8} {'p99.9':>8} ms  answers", file=sys.stderr)
        for rate in (int(text) for text in args.rates.split(",")):
            hits, seconds = fire(
                found, plan(Random(args.seed), rate, args.seconds, args.events), args.workers
            )
            statuses = Counter(hit.status for hit in hits)
            answered = sum(hit.accepted if hit.status == 202 else hit.events for hit in hits)
            reached = len(hits) / seconds
            p50, p99, p999 = (
                percentile([hit.seconds for hit in hits], share) for share in (0.5, 0.99, 0.999)
            )
            print(
                f"{rate:6d} {reached:8.1f} {p50 * 1000:8.1f} {p99 * 1000:8.1f} {p999 * 1000:8.1f}     {dict(statuses)}",
                file=sys.stderr,
            )
            figures[f"rate_{rate}"] = {
                "requests_per_s": reached,
                "events_per_s": reached * args.events,
                "p50_ms": p50 * 1000,
                "p99_ms": p99 * 1000,
                "p999_ms": p999 * 1000,
                "late_p99_ms": percentile([hit.late for hit in hits], 0.99) * 1000,
                "sent_events": sum(hit.events for hit in hits),
                "answered_events": answered,
                "statuses": {str(status): count for status, count in sorted(statuses.items())},
            }
    return figures


def plan(random: Random, rate: int, seconds: float, events: int) -> list[Shot]:
    """Poisson arrivals: real clients do not come in step."""
    shots = []
    due = random.expovariate(rate)
    while due < seconds:
        visitor = f"load-{random.randrange(1000)}"
        batch = [event(random) | {"visitor_id": visitor} for _ in range(events)]
        shots.append(Shot(due, json.dumps({"events": batch}).encode(), events))
        due += random.expovariate(rate)
    return shots


def fire(found: info.LocalStackInfo, shots: list[Shot], workers: int) -> tuple[list[Hit], float]:
    """Send each shot when it is due, or as soon after as a worker is free; and the seconds until the last answer."""
    hits: list[Hit] = []
    take = threading.Lock()
    waiting = iter(shots)
    began = time.perf_counter() + 0.2
    url = urlsplit(found.api_url)

    def work() -> None:
        connection = HTTPConnection(url.hostname or "127.0.0.1", url.port, timeout=30)
        while True:
            with take:
                shot = next(waiting, None)
            if shot is None:
                connection.close()
                return
            time.sleep(max(0.0, began + shot.due - time.perf_counter()))
            late = time.perf_counter() - began - shot.due
            status, accepted = _post(connection, f"{url.path}/v1/events", shot.body, found.site_key)
            hits.append(Hit(status, accepted, shot.events, time.perf_counter() - began - shot.due, late))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return hits, time.perf_counter() - began


def _post(connection: HTTPConnection, path: str, body: bytes, key: str) -> tuple[int, int]:
    headers = {"content-type": "application/json", "x-rastro-key": key, "user-agent": "rastro-load"}
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = response.read()
    except (OSError, HTTPException):
        connection.close()
        return 0, 0
    return response.status, json.loads(answer)["accepted"] if response.status == 202 else 0


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all is not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@contextlib.contextmanager
def _stack(home: Path) -> Iterator[info.LocalStackInfo]:
    try:
        yield info.read(home)
    except Problem:
        with (
            tempfile.TemporaryDirectory(prefix="rastro-load-") as folder,
            stack.start(Path(folder) / "home", consumer=False, report=lambda _: None) as running,
        ):
            yield running.facts
