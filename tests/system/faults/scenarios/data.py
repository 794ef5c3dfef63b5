"""The load is the fault: poison, floods, a backlog."""

import json
import signal
from collections.abc import Sequence
from typing import Any

from rastro.synthetic_shop import Request, Sent, Verdict, plan
from tests.system.faults.play import Scenario
from tests.system.faults.stage import Stage
from tests.system.kcl.daemons import wait_for

MARK = "PoisonedTitle"


def _poison(stage: Stage) -> None:
    """One record kills whichever processor takes it, each time."""
    stage.poisoned.add(MARK.encode())
    stage.set_fault("poison", MARK)
    wait_for(
        lambda: [
            line for line in stage.service.lines(stage.struck_at) if line.get("rejected.crashed_processor")
        ],
        lambda: "the poisoned record is set aside",
        seconds=300,  # three deaths, each with KCL's grace and a start
    )
    stage.clear_fault("poison")
    stage.over()


def _with_poison(seed: int, now: int) -> Sequence[Request]:
    """The shop's load, and in its middle a visitor whose page title kills a processor."""
    requests = list(plan(seed, 150, now).requests)
    event_id = f"b01500ed-0000-4000-8000-{now % 10**12:012d}"
    event = {"event": "page_view", "event_id": event_id, "visitor_id": f"poison-{now}", "ts": now}
    event |= {"page": {"url": "https://www.loja.example/", "title": MARK}}
    body = json.dumps({"sent_at": now, "events": [event]}).encode()
    headers = (("Content-Type", "application/json"), ("User-Agent", "Mozilla/5.0"))
    one = Request(
        f"poison-{now}", "203.0.113.7", headers, body, (Sent(event_id, event, Verdict.ACCEPTED),), now
    )
    requests.insert(len(requests) // 3, one)
    return requests


def _backlog(stage: Stage) -> None:
    """No task at all while the load goes on, then one that catches up."""
    stage.service.desired = 0
    for task in stage.service.alive():
        task.send(signal.SIGTERM)
        task.wait_end()
    stage.last(25)
    stage.service.scale(1)
    stage.has_all()
    stage.over()


def _none(stage: Stage) -> None:
    """The load is the fault."""


def _hot_key(seed: int, now: int) -> Sequence[Request]:
    """The shop, and one visitor that posts as much as all others together."""
    shop = list(plan(seed, 100, now).requests)
    flood = [_views(f"hot-{now}", f"{seed:04d}", now, number, 5) for number in range(36)]
    return [one for pair in zip(shop, flood, strict=False) for one in pair] + shop[len(flood) :]


def _new_visitors(seed: int, now: int) -> Sequence[Request]:
    """Each request is a visitor who was never seen before."""
    return [_views(f"new-{now}-{number}", f"{seed:04d}", now, number, 1) for number in range(200)]


def _views(visitor: str, seed: str, now: int, number: int, events: int) -> Request:
    made = []
    for index in range(events):
        event_id = f"{seed}{abs(hash(visitor)) % 10**4:04d}-0000-4000-8000-{(now + number * 100 + index) % 10**12:012d}"
        at = now - 600_000 + (number * events + index) * 500
        page = {"url": f"https://www.loja.example/p/{number}", "title": f"Product {number}"}
        event: Any = {
            "event": "page_view",
            "event_id": event_id,
            "visitor_id": visitor,
            "ts": at,
            "page": page,
        }
        made.append(Sent(event_id, event, Verdict.ACCEPTED))
    body = json.dumps({"sent_at": now, "events": [sent.event for sent in made]}).encode()
    headers = (
        ("Content-Type", "application/json"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"),
    )
    return Request(visitor, "198.51.100.4", headers, body, tuple(made), now)


RESTARTS = ("consumer-restarts",)


SCENARIOS = (
    Scenario(
        "data-01-poison",
        "a record that kills each processor that takes it",
        _poison,
        "data",
        RESTARTS,
        requests=_with_poison,
        rate=1.5,
    ),
    Scenario("data-02-hot-key", "one visitor posts as much as all others", _none, "data", requests=_hot_key),
    Scenario(
        "data-03-new-visitors",
        "each request a visitor never seen before (200, scaled down from a million)",
        _none,
        "data",
        requests=_new_visitors,
        rate=6,
    ),
    Scenario(
        "data-04-backlog",
        "no consumer for 25 s, then one that catches up",
        _backlog,
        "data",
        ("consumer-tasks",),
    ),
)
