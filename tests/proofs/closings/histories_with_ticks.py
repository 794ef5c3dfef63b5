"""Histories for closings: those of the session rule, each event with a name and a cart, ticks in between.

What an event is follows from its id, so that a copy is the same event and ids alone identify a failure.
"""

import random
from typing import NamedTuple

import orjson

from tests.proofs.sessions.histories import seeded
from tests.proofs.sessions.history import MINUTE, SLACK, History, Record, Rule
from tests.support.raw_records import raw_record

GRACE = 10_000
SILENCE = 60 * MINUTE
RECOVERY = 24 * 60 * MINUTE
TICKER = "rastro-tick"
NAMES = (
    *("page_view",) * 3,
    "view_item",
    *("add_to_cart",) * 3,
    "remove_from_cart",
    "view_cart",
    "begin_checkout",
    "purchase",
    "purchase",
)


class Details(NamedTuple):
    """What an event says beside its time. `items`: (item, pieces), None: not given; each piece costs 10.50."""

    name: str
    path: str
    user: str
    refuses: bool
    items: tuple[tuple[str, int], ...] | None
    order: str


def details(event_id: str) -> Details:
    """Of the event with this id."""
    number = int(event_id[:8], 16)
    name = NAMES[number * 7 % len(NAMES)]
    items: tuple[tuple[str, int], ...] | None = None
    if name in {"add_to_cart", "remove_from_cart", "purchase"}:
        items = ((f"S{number // 5 % 2}", 1 + number // 7 % 3),)
    elif name in {"view_cart", "begin_checkout"}:
        items = (None, (), (("S0", 2),), (("S1", 1), ("S2", 3)))[number // 12 % 4]
    user = f"u{number % 3}" if number % 4 == 0 else ""
    return Details(name, f"/p/{number % 5}", user, number % 17 == 0, items, f"T{number % 6}")


def raw(record: Record) -> bytes:
    """The record as ingest would write it; one without events is a tick."""
    return orjson.dumps(
        raw_record(
            *(_event(name, ts) for name, ts in record.events),
            site=record.site,
            visitor_id=record.visitor,
            received_at=record.received_at,
            sent_at=record.sent_at,
            user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        )
    )


def _event(event_id: str, ts: int | None) -> dict[str, object]:
    found = details(event_id)
    event: dict[str, object] = {
        "event_id": event_id,
        "event": found.name,
        "ts": ts,
        "page": {"url": f"https://www.loja.example{found.path}"},
        "consent": {"analytics": not found.refuses, "ads": True},
    }
    if found.user:
        event["user_id"] = found.user
    if found.items is not None:
        items = [{"item_id": item, "quantity": count, "price": 10.5} for item, count in found.items]
        event["ecommerce"] = {"items": items, "currency": "BRL", "transaction_id": found.order}
    return event


def tick(at: int) -> Record:
    """A tick of any site."""
    return Record("loja", TICKER, at, None, ())


def with_ticks(seed: int) -> History:
    """The session history of this seed with ticks: storms, gaps, moments at the edges of deadlines; in the end
    time passes until nothing is open."""
    history = seeded(seed)
    rng = random.Random(f"ticks {seed}")
    often = rng.choice((0.0, 0.3, 0.7, 1.5))
    records: list[Record] = []
    watermark = 0
    for record in history.records:
        while watermark and rng.random() < often / (1 + often):
            at = _moment(rng, records, watermark, history.rules)
            records.append(tick(at))
            watermark = max(watermark, at)
        records.append(record)
        watermark = max(watermark, record.received_at)
    records.append(tick(watermark + 10 * 24 * 60 * MINUTE))
    return History(history.rules, tuple(records))


def _moment(rng: random.Random, records: list[Record], watermark: int, rules: "dict[str, Rule]") -> int:
    kind = rng.random()
    if kind < 0.3:
        return watermark + rng.randint(0, 30_000)
    if kind < 0.4:
        return watermark - rng.randint(0, MINUTE)  # a ticker whose clock is behind
    if kind < 0.5:
        return watermark + rng.randint(1, 5) * 60 * MINUTE
    real = [record for record in records if record.events]
    record = rng.choice(real[-6:])
    rule = rules[record.site]
    after = rng.choice(
        (rule.gap + GRACE, rule.retention + SLACK, SILENCE + GRACE, SILENCE + GRACE + RECOVERY, rule.gap)
    )
    at = record.received_at + after
    return max(watermark, at + -at % 1000 + rng.choice((0, 1, -1)))
