"""Raw records with values of the wrong kind at random positions: what a foreign writer may put into the raw stream."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

MALFORMED: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    393.0,
    10**11,
    2**63 - 1,
    1e308,
    "",
    "x",
    "1",
    "ana@example.com",
    "https://a.example/?q=1",
    "9" * 600,
    "\0",
    [],
    {},
    [1],
    ["a"],
    [None],
    [{}],
    [[]],
    {"a": 1},
    {"url": 1},
    {"items": "x"},
)
FIELDS = {
    "page": ("url", "referrer", "title"),
    "screen": ("width", "height", "viewport_width", "viewport_height"),
    "consent": ("analytics", "ads"),
    "ecommerce": ("value", "currency", "items", "tax", "shipping", "transaction_id", "coupon"),
}


def malformed_records(records: Sequence[bytes], number: int, seed: int) -> Iterator[bytes]:
    """`number` records made of these, each with one to three malformed values and events of new ids."""
    rng = random.Random(seed)
    for _ in range(number):
        record = orjson.loads(rng.choice(records))
        for event in record["events"]:
            event["event_id"] = f"{rng.getrandbits(32):08x}{event['event_id'][8:]}"
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            _spoil(record, rng)
        yield orjson.dumps(record)


def _spoil(record: dict[str, Any], rng: random.Random) -> None:
    value = orjson.loads(orjson.dumps(rng.choice(MALFORMED)))  # one of its own: it may be spoilt next
    events = record.get("events")
    if rng.random() < 0.5 and isinstance(events, list) and events and isinstance(events[0], dict):
        part = rng.choice(list(FIELDS))
        if not isinstance(events[0].get(part), dict):
            events[0][part] = {}
        events[0][part][rng.choice(FIELDS[part])] = value
        return
    inside, key = rng.choice(list(_positions(record, rng)))
    if rng.random() < 0.1:
        del inside[key]
    else:
        inside[key] = value


def _positions(value: Any, rng: random.Random) -> Iterator[tuple[Any, Any]]:
    """Every position in a JSON value; of the many properties only some."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            if key != "properties" or rng.random() < 0.05:
                yield value, key
                yield from _positions(value[key], rng)
