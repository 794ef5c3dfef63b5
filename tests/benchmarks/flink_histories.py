"""Raw records for the comparison with Flink: the shop's events, spread over a day as visits of few visitors.

`ordered-…` send each event as it happens. `late-…` send some much later, out of order, and some twice. `long-1` sends
something each quarter of an hour for more than a day. `copies-1` sends some events again after fewer than 256 others,
and some after more. `example-…` are those of schemas/examples.
"""

import random
from itertools import islice
from typing import Any

import orjson

from benchmarks.mixes import stream
from benchmarks.workload import NOW
from schemas.files import FOLDER

HOUR = 3_600_000
VISITORS = 60
SPAN = 20 * HOUR
LATE_SHARE, LATEST, COPIES = 0.4, 2 * HOUR, 0.06
LONG, MANY = 200, 700


def histories(seed: int, events: int) -> list[bytes]:
    """The records, in the order of their arrival."""
    rng = random.Random(seed)
    shop = [orjson.loads(data) for data in islice(stream("shop", seed, 1), events)]
    records = []
    for number, record in enumerate(shop[:LONG]):
        at = NOW + number * HOUR // 4
        records.append(_at(record, "long-1", at, at - 50))
    many = shop[LONG : LONG + MANY]
    for number, record in enumerate(many):
        at = NOW + number * 10_000
        records.append(_at(record, "copies-1", at, at - 50))
        records += [
            _at(many[number - back], "copies-1", at + 1, at - 50 - back * 10_000)
            for back in (200, 300)
            if number % 50 == 0 and number >= back
        ]
    for record in shop[LONG + MANY :]:
        visitor = rng.randrange(VISITORS)
        at = NOW + rng.randrange(SPAN)
        happened = at - 40 - rng.randrange(400)
        if visitor < VISITORS // 2:
            records.append(_at(record, f"ordered-{visitor}", at, happened))
            continue
        if rng.random() < LATE_SHARE:
            happened -= rng.randrange(LATEST)
        records.append(_at(record, f"late-{visitor}", at, happened))
        if rng.random() < COPIES:
            again = at + rng.choice((200, HOUR, 3 * HOUR))
            records.append(_at(record, f"late-{visitor}", again, happened))
    records += _examples()
    records.sort(key=lambda record: record["received_at"])
    return [orjson.dumps(record) for record in records]


def _at(record: dict[str, Any], visitor: str, received_at: int, happened: int) -> dict[str, Any]:
    moved = record | {"visitor_id": visitor, "received_at": received_at, "sent_at": received_at - 40}
    moved["events"] = [event | {"ts": happened} for event in record["events"]]
    return moved


def _examples() -> list[dict[str, Any]]:
    return [
        record | {"visitor_id": f"example-{file.name.partition('.')[0]}"}
        for file in sorted((FOLDER / "examples").glob("*.raw.json"))
        for record in orjson.loads(file.read_bytes())
    ]
