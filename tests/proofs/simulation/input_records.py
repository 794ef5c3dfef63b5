"""The input: raw records of a few visitors on two sites, with gaps, retries, late queues and malformed ones."""

import json
from random import Random
from typing import NamedTuple

from schemas import Session, Site, Sites, parse_sites
from tests.support.raw_records import raw_record

MINUTE = 60_000
START = 1_795_000_000_000
MOST_TICKS = 8
"""Between two records."""
IPS = ("203.0.113.9", "198.51.100.77", "2001:db8:7:8:9:a:b:c")


class InputRecord(NamedTuple):
    """One raw record to be put on the stream. `key` is the Kinesis partition key, `arrived_at` epoch ms.
    `is_poison`: the process dies whenever it touches the record. `is_tick`: it goes to every open shard."""

    key: str
    data: bytes
    arrived_at: int
    is_poison: bool = False
    is_tick: bool = False


def sites() -> Sites:
    """Two sites whose rules differ, so that a mix-up shows."""
    return parse_sites(
        json.dumps(
            {
                "version": 3,
                "sites": {
                    "loja": {"keys": ["pk_loja_00000001"]},
                    "moda": {
                        "keys": ["pk_moda_00000001"],
                        "session": {"gap_minutes": 10, "max_length_minutes": 90, "lateness_minutes": 20},
                    },
                },
            }
        )
    )


def make_records(rng: Random, all_sites: Sites, count: int) -> list[InputRecord]:
    """A history of about `count` records, in stream order."""
    visitors = [
        (site, f"v{number}") for site in all_sites.by_name.values() for number in range(rng.randint(1, 4))
    ]
    now = START
    sent: dict[str, list[dict[str, object]]] = {}
    records = []
    ticking = rng.choice((0.0, 0.3, 0.6))
    for number in range(count):
        for _ in range(MOST_TICKS):  # storms and gaps
            if rng.random() >= ticking:
                break
            now += rng.choice((0, 1_000, 30_000, 60_000))
            records.append(tick(now))
        now += _pause(rng)
        site, visitor = rng.choice(visitors)
        if rng.random() < 0.03:
            records.append(InputRecord(f"{site.name}/{visitor}", _malformed(rng, site, number), now))
            continue
        partition_key = f"{site.name}/{visitor}"
        received_at = now - rng.randint(0, 2) * MINUTE
        records.append(
            InputRecord(
                partition_key,
                _record(rng, site, visitor, received_at, sent.setdefault(partition_key, [])),
                now,
            )
        )
    if rng.random() < 0.1:
        position = rng.choice([i for i, item in enumerate(records) if b'"event_id"' in item.data])
        records[position] = records[position]._replace(is_poison=True)
    return records


def tick(now: int) -> InputRecord:
    """The tick that every shard gets at `now`."""
    record = raw_record(site="rastro", visitor_id="rastro-tick", received_at=now)
    return InputRecord("rastro-tick", json.dumps(record).encode(), now, is_tick=True)


def _pause(rng: Random) -> int:
    kind = rng.random()
    if kind < 0.75:
        return rng.randint(0, 6) * MINUTE
    if kind < 0.95:
        return rng.randint(8, 35) * MINUTE
    return rng.randint(2, 5) * 60 * MINUTE  # long enough for memory to be tidied


def _record(rng: Random, site: Site, visitor: str, received_at: int, sent: list[dict[str, object]]) -> bytes:
    if sent and rng.random() < 0.2:
        events = [dict(event) for event in sent[-rng.randint(1, 4) :]]  # a retry
    else:
        events = [_event(rng, site.session, visitor, received_at) for _ in range(rng.randint(1, 4))]
        sent += events
    record = raw_record(
        *events,
        site=site.name,
        visitor_id=visitor,
        received_at=received_at,
        sent_at=received_at,
        ip=rng.choice(IPS),
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        headers={"accept_language": "pt-BR"},
    )
    return json.dumps(record).encode()


def _event(rng: Random, rule: Session, visitor: str, received_at: int) -> dict[str, object]:
    back = rng.choice(
        (
            0,
            0,
            rng.randint(0, 5) * MINUTE,
            rule.gap_ms,
            rule.gap_ms + 1,
            rng.randint(0, rule.gap_ms * 3),
            rng.randint(0, rule.max_length_ms),
        )
    )
    return {
        "event_id": f"{rng.getrandbits(128):032x}"[:8]
        + f"-{rng.getrandbits(16):04x}-4000-8000-{rng.getrandbits(48):012x}",
        "event": rng.choice(
            ("page_view", "view_item", "add_to_cart", "add_to_cart", "view_cart", "purchase")
        ),
        "ecommerce": {"items": [{"item_id": f"S{rng.randint(1, 3)}", "price": 10.5}], "currency": "BRL"},
        "ts": received_at - back,
        "page": {"url": f"https://www.loja.example/p/{visitor}?e=ana@example.com"},
    }


def _malformed(rng: Random, site: Site, number: int) -> bytes:
    return rng.choice(
        (
            b"not json %d" % number,
            json.dumps({"v": 9, "n": number}).encode(),
            json.dumps({"v": 1, "site": f"{site.name}9", "n": number}).encode(),
        )
    )
