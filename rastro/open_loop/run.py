"""A whole run: processes that send, one that watches, then the ledger and the figures."""

import json
import multiprocessing
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from rastro.access_log.event import PageView
from rastro.open_loop import account, cpu, landed_rows, latency
from rastro.open_loop.destination import Destination
from rastro.open_loop.follow import Watching, follow
from rastro.open_loop.profile import PROFILES
from rastro.open_loop.sender import TIMEOUT_SECONDS, Order, send
from rastro.terminal.errors import Problem

SETTLE_SECONDS = 2.0
"""From the order to the first request: the processes start."""
VISIT_SECONDS = 60.0
"""How long a visit is open, about: so many visits there are at once at a rate."""


class Wanted(NamedTuple):
    """`rate`: events a second at the profile's highest. `views`: of a log, else the shop is the demand.

    `visitor_key`: names the log's visitors, for an API that takes no client's word for its IP address.
    """

    rate: float
    seconds: float
    profile: str = "steady"
    processes: int = 2
    connections: int = 16
    seed: int = 1
    together: int = 0
    patience: float = 120.0
    views: tuple[PageView, ...] = ()
    site_url: str = ""
    visitor_key: bytes | None = None


def run(
    destination: Destination, wanted: Wanted, folder: Path, report: Callable[[str], None]
) -> dict[str, Any]:
    """The result as a document. `folder` holds what the processes note; it is emptied first.

    Raises:
        Problem: a process died, or nobody answers.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark = secrets.token_hex(4)
    watching = Watching(destination, mark, folder / "arrived.jsonl", folder / "stop")
    spawn = multiprocessing.get_context("spawn")  # a fork would take threads of a client along
    watcher = spawn.Process(target=follow, args=(watching,), daemon=True)
    watcher.start()
    try:
        _until_it_watches(watcher, watching.file)
        start = time.time() + SETTLE_SECONDS
        orders = [
            _order(destination, wanted, mark, start, number, folder) for number in range(wanted.processes)
        ]
        senders = [spawn.Process(target=send, args=(order,), daemon=True) for order in orders]
        before = cpu.seconds(destination.groups)
        for sender in senders:
            sender.start()
        _wait(senders, start, wanted.seconds, report)
        over = time.time()
        made = account.sent(line for order in orders for line in _lines(order.file))
        used = {name: value - before.get(name, 0) for name, value in cpu.seconds(destination.groups).items()}
        if not made.statuses.get(202) and made.requests:
            raise Problem(_nothing_taken(destination, made))
        found = _ledger(destination, mark, made, folder, start, wanted, report)
    finally:
        watching.stop.touch()
        watcher.join(30)
    arrived = list(_lines(watching.file))
    return _document(wanted, mark, start, over, made, used, found, arrived)


def _order(
    destination: Destination, wanted: Wanted, mark: str, start: float, number: int, folder: Path
) -> Order:
    rate = wanted.rate / wanted.processes
    return Order(
        target=destination.target,
        start=start,
        profile=PROFILES[wanted.profile],
        rate=rate,
        seconds=wanted.seconds,
        connections=wanted.connections,
        seed=wanted.seed * 1000 + number,
        mark=mark,
        file=folder / f"sent-{number}.jsonl",
        open_visits=max(20, min(20_000, int(rate * VISIT_SECONDS / 10))),
        together=wanted.together,
        views=wanted.views,
        site_url=wanted.site_url,
        visitor_key=wanted.visitor_key,
    )


def _until_it_watches(watcher: Any, file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        if not watcher.is_alive() or time.monotonic() > deadline:
            raise Problem("the enriched stream cannot be read; what it says is above")
        time.sleep(0.05)


def _wait(senders: list[Any], start: float, seconds: float, report: Callable[[str], None]) -> None:
    deadline = start + seconds + 2 * TIMEOUT_SECONDS + 30
    while any(sender.is_alive() for sender in senders):
        report(f"{max(0.0, time.time() - start):.0f} of {seconds:.0f} s")
        if time.time() > deadline:
            for sender in senders:
                sender.terminate()
            raise Problem("the senders do not come to their end; fewer --processes or a lower --rate")
        time.sleep(0.2)
    if any(sender.exitcode for sender in senders):
        raise Problem("a sender died; what it says is above")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):  # the watcher may be writing the last one
                yield orjson.loads(line)


def _nothing_taken(destination: Destination, made: account.Sent) -> str:
    seen = ", ".join(f"{count:,} x {status or 'no answer'}" for status, count in made.statuses.most_common())
    why = f" ({made.troubles.most_common(1)[0][0]})" if made.troubles else ""
    return f"{destination.target.api_url} took no event: {seen}{why}; check the URL and the key"


def _ledger(
    destination: Destination,
    mark: str,
    made: account.Sent,
    folder: Path,
    start: float,
    wanted: Wanted,
    report: Callable[[str], None],
) -> tuple[Counter[str], dict[str, str]]:
    """Rows by event id, and the object in which each came first (local only)."""
    if destination.env:
        counts = landed_rows.wait(
            lambda: landed_rows.on_athena(destination, mark, start),
            made.due,
            patience=wanted.patience,
            every=landed_rows.ASK_SECONDS,
            report=report,
        )
        return counts, {}
    landing = landed_rows.LocalRows(destination, mark, folder)

    def look() -> Counter[str]:
        landing.look([line["key"] for line in _lines(folder / "arrived.jsonl") if "key" in line])
        return landing.counts

    counts = landed_rows.wait(
        look, made.due, patience=wanted.patience, every=landed_rows.POLL_SECONDS, report=report
    )
    return counts, landing.first


def _document(
    wanted: Wanted,
    mark: str,
    start: float,
    over: float,
    made: account.Sent,
    used: dict[str, float],
    found: tuple[Counter[str], dict[str, str]],
    arrived: list[dict[str, Any]],
) -> dict[str, Any]:
    counts, first = found
    in_stream: dict[str, float] = {}
    for line in arrived:
        if "id" in line:
            in_stream.setdefault(line["id"], line["at"])
    seen = {line["key"]: line["at"] for line in arrived if "key" in line}
    in_parquet = {name: seen[key] for name, key in first.items() if key in seen}
    seconds = over - start
    expected = wanted.rate * wanted.seconds * PROFILES[wanted.profile].mean()
    return {
        "profile": wanted.profile,
        "rate": wanted.rate,
        "seconds": wanted.seconds,
        "processes": wanted.processes,
        "connections": wanted.connections,
        "demand": "access log" if wanted.views else "shop",
        "seed": wanted.seed,
        "mark": mark,
        "requests": made.requests,
        "events": made.events,
        "events_expected": round(expected),
        "events_per_s": round(made.events / seconds, 1),
        "requests_per_s": round(made.requests / seconds, 1),
        "statuses": {str(status): count for status, count in made.statuses.most_common()},
        "troubles": dict(made.troubles.most_common(5)),
        "ledger": account.settle(made, counts)._asdict(),
        "post_to_answer": latency.figures(made.took),
        "post_to_enriched": account.after(made, in_stream),
        "post_to_parquet": account.after(made, in_parquet),
        "sent_late": latency.figures(made.late),
        "cores_used": {
            **{name: round(value / seconds, 3) for name, value in used.items()},
            "senders": round(made.cpu / seconds, 3),
        },
        "cores": os.cpu_count(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


def write(document: dict[str, Any], file: Path) -> None:
    """Whole, as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
