"""Raw records with values of the wrong kind at random places: what a foreign writer may put into the raw stream."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

ODD: tuple[Any, ...] = (
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
    """`number` records made of these, each with one to three odd values and events of new ids."""
    chance = random.Random(seed)
    for _ in range(number):
        record = orjson.loads(chance.choice(records))
        for event in record["events"]:
            event["event_id"] = f"{chance.getrandbits(32):08x}{event['event_id'][8:]}"
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            _spoil(record, chance)
        yield orjson.dumps(record)


def _spoil(record: dict[str, Any], chance: random.Random) -> None:
    value = orjson.loads(orjson.dumps(chance.choice(ODD)))  # one of its own: it may be spoilt next
    events = record.get("events")
    if chance.random() < 0.5 and isinstance(events, list) and events and isinstance(events[0], dict):
        part = chance.choice(list(FIELDS))
        if not isinstance(events[0].get(part), dict):
            events[0][part] = {}
        events[0][part][chance.choice(FIELDS[part])] = value
        return
    inside, place = chance.choice(list(_places(record, chance)))
    if chance.random() < 0.1:
        del inside[place]
    else:
        inside[place] = value


def _places(value: Any, chance: random.Random) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value; of the many properties only some."""
    if isinstance(value, dict | list):
        for place in list(value) if isinstance(value, dict) else range(len(value)):
            if place != "properties" or chance.random() < 0.05:
                yield value, place
                yield from _places(value[place], chance)
