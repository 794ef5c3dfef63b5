"""Mixes of events, as endless streams of raw records: how much of a stream repeats decides what the caches are worth.

`demo`: the demo shop's few hundred visitors, over and over (`workload.py`). It never leaves the caches.
`shop`: a shard of a shop whose statistics are those of published data sets; what each is from stands beside it.
`hostile`: nothing repeats: any of 30,000 visitors may be next, and every page has a URL of its own.
`log:FILE`: the page views of a web server's log, over and over, each time round as other visitors.

Seeded: the same arguments give the same bytes. The clock stands still but for `received_at`, which moves on.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from itertools import islice
from typing import Any, NamedTuple

import orjson

from benchmarks.workload import NOW, in_app, raw_records
from rastro.access_log.raw_records import raw_lines
from rastro.access_log.source import Log
from rastro.synthetic_shop.people import Person, person
from rastro.synthetic_shop.sources import source
from rastro.terminal.errors import Problem
from tests.support.raw_records import raw_record

HOST = "https://www.loja.example"

VISITS_AT_ONCE = 9_000
"""Open at the same moment: 250 events/s (a quarter of what a shard takes) of visits that last five minutes and have
8.3 events: 250 x 300 / 8.29. The rate and the five minutes are assumptions."""
MEDIAN_EVENTS, SPREAD = 4, 1.207
"""Events of a visit: the log-normal with the median 4 and mean 8.29 of the test week of the OTTO data set (2022, 1.67
million sessions, github.com/otto-de/recsys-dataset); its 75 and 90 % quantiles come to 9 and 19, there 8 and 18."""
PRODUCTS = 50_000
"""An assumption: a shop of middle size."""
FLATNESS = 0.6
"""Exponent of Zipf's law over the products: with 1.86 million articles it gives the first one 0.1 %, in the OTTO data
set (216.7 million events) it has 0.06 %."""
CARTS, ORDERS = 0.078, 0.0235
"""Shares of the events: 16.9 and 5.1 of 216.7 million in the OTTO data set."""
VISITORS = 30_000
"""Of `hostile`; more than its caches of clients hold."""


class Mix(NamedTuple):
    """`stream(seed, per_record)` never ends; `help` for the command line."""

    stream: Callable[[int, int], Iterator[bytes]]
    help: str


LOG = "log:"


def take(name: str, seed: int, events: int, per_record: int) -> list[bytes]:
    """The first records of a mix: `events` events, `per_record` of one visitor in each."""
    return list(islice(stream(name, seed, per_record), events // per_record))


def stream(name: str, seed: int, per_record: int) -> Iterator[bytes]:
    """A mix by its name, endless.

    Raises:
        Problem: there is no such mix, or no page view in the log.
    """
    if name.startswith(LOG):
        return log(name.removeprefix(LOG), seed, per_record)
    if name not in MIXES:
        raise Problem(f"no mix {name!r}; there are {', '.join(MIXES)}, and {LOG}FILE for a log")
    return MIXES[name].stream(seed, per_record)


def log(file: str, seed: int, per_record: int) -> Iterator[bytes]:
    """The log's page views. `per_record` together are the next ones of one visitor, wherever they stand in the log."""
    source_ = Log(file)
    try:
        source_.survey()
        views = list(source_.page_views())
    finally:
        source_.close()
    if not views:
        raise Problem(f"no page view in {file}")
    rng = random.Random(seed)
    number = 0
    while True:
        key = rng.randbytes(32)  # visitors of the second time round are others, as of the next day
        open_: dict[str, list[dict[str, Any]]] = {}
        for data in raw_lines(views, str(number), "loja", HOST, key):
            record = orjson.loads(data)
            waiting = open_.setdefault(record["visitor_id"], [])
            waiting += record["events"]
            if len(waiting) < per_record:
                continue
            number += 1
            for event in waiting:
                event["event_id"], event["ts"] = _uuid(rng), NOW - rng.randrange(60_000)
            yield orjson.dumps(record | {"events": waiting, "received_at": NOW + number * 4})
            open_[record["visitor_id"]] = []
        if not number:
            raise Problem(f"no visitor of {file} has {per_record} page views")


def demo(seed: int, per_record: int) -> Iterator[bytes]:
    """The demo shop's bare events, 20,000 at a time, their ids changed each time round."""
    records = raw_records(seed, 20_000, per_record, filled=False)
    rng = random.Random(seed)
    while True:
        for data in records:
            record = orjson.loads(data)
            for event in record["events"]:
                event["event_id"] = _uuid(rng)
            yield orjson.dumps(record)


def shop(seed: int, per_record: int) -> Iterator[bytes]:
    """Visits come and go; each record is the next of any visit that is open."""
    rng = random.Random(seed)
    visits: dict[int, _Visit] = {}
    number = 0
    while True:
        slot = rng.randrange(VISITS_AT_ONCE)
        visit = visits.get(slot)
        if visit is None:  # it began before the stream: some of its events are past
            visit = visits[slot] = _visit(rng)
            visit.left = max(1, round(visit.left * rng.random()))
        events = [_act(rng, visit) for _ in range(per_record)]
        number += 1
        yield _record(visit.who, visit.agent, NOW + number * 4, events)
        visit.left -= per_record
        if visit.left <= 0:
            visits[slot] = _visit(rng)


def hostile(seed: int, per_record: int) -> Iterator[bytes]:
    """Each record is of any of 30,000 visitors; each event has a page, a landing and a click id of its own."""
    rng = random.Random(seed)
    visits: dict[int, _Visit] = {}
    number = 0
    while True:
        slot = rng.randrange(VISITORS)
        visit = visits.get(slot) or visits.setdefault(slot, _visit(rng))
        events = []
        for _ in range(per_record):
            visit.page = ""  # as if each was a landing
            event = _act(rng, visit)
            event["page"]["url"] += f"{'&' if '?' in event['page']['url'] else '?'}gclid={_token(rng)}"
            events.append(event)
        number += 1
        yield _record(visit.who, visit.agent, NOW + number * 4, events)


MIXES = {
    "demo": Mix(demo, "the demo shop's visits; everything repeats"),
    "shop": Mix(shop, "visits, pages and landings as published data sets have them"),
    "hostile": Mix(hostile, "nothing repeats"),
}


class _Visit:
    """A visit on its way. `left`: events still to come; `page`: the URL it is on, empty before the landing."""

    def __init__(self, who: Person, agent: str, landing: tuple[str, str], left: int) -> None:
        self.who = who
        self.agent = agent
        self.landing = landing
        self.left = left
        self.page = ""


def _visit(rng: random.Random) -> _Visit:
    who = person(rng)
    if not who.visitor_id:
        who = who._replace(visitor_id=_uuid(rng))
    agent = in_app(who.visitor_id, who.device.user_agent) or ""
    came = source(rng, who.device.in_app)
    left = max(1, round(rng.lognormvariate(0, SPREAD) * MEDIAN_EVENTS))
    return _Visit(who, agent, (came.referrer, came.query), left)


def _act(rng: random.Random, visit: _Visit) -> dict[str, Any]:
    """The visit's next event."""
    referrer, query = (visit.page, "") if visit.page else visit.landing
    kind = rng.random()
    event: dict[str, Any] = {"event_id": _uuid(rng), "ts": NOW - rng.randrange(60_000)}
    if kind < ORDERS:
        path, title = "/checkout/success", "Pedido confirmado"
        items = [_item(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
        event |= {"event": "purchase", "ecommerce": _money(items) | {"transaction_id": _uuid(rng)[:13]}}
    elif kind < ORDERS + CARTS:
        item = _item(rng)
        path, title = _product_page(item)
        event |= {"event": "add_to_cart", "ecommerce": _money([item])}
    elif kind < 0.25:
        category = rng.randrange(200)
        path, title = f"/c/categoria-{category}", f"Categoria {category}"
        event |= {"event": "view_item_list"}
    else:
        item = _item(rng)
        path, title = _product_page(item)
        event |= {"event": "view_item", "ecommerce": _money([item])}
    url = f"{HOST}{path}" + (f"?{query}" if query else "")
    event["page"] = {"url": url, "title": title} | ({"referrer": referrer} if referrer else {})
    (wide, high), (view, view_high) = visit.who.device.screen, visit.who.device.viewport
    event["screen"] = {"width": wide, "height": high, "viewport_width": view, "viewport_height": view_high}
    event["language"] = visit.who.language
    visit.page = url
    return event


def _product_page(item: dict[str, Any]) -> tuple[str, str]:
    return f"/p/produto-{item['item_id'].lower()}", item["item_name"]


def _item(rng: random.Random) -> dict[str, Any]:
    """Any product, by Zipf's law: the inverse of its distribution, which is a power of the rank."""
    rank = int(PRODUCTS * rng.random() ** (1 / (1 - FLATNESS)))
    return {
        "item_id": f"SKU-{rank:05d}",
        "item_name": f"Produto {rank:05d} de algodão",
        "item_brand": f"Marca {rank % 300}",
        "item_category": f"Categoria {rank % 200}",
        "price": rank * 7919 % 100_000 / 100,
        "quantity": 1,
    }


def _money(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"currency": "BRL", "value": round(sum(item["price"] for item in items), 2), "items": items}


def _record(who: Person, agent: str, received_at: int, events: list[dict[str, Any]]) -> bytes:
    hints = {name.lower().replace("-", "_"): text for name, text in who.device.hints}
    record = raw_record(
        *events,
        visitor_id=who.visitor_id,
        received_at=received_at,
        sent_at=received_at - 40,
        ip=_cut(who.ip),
        user_agent=agent,
        headers={"accept_language": who.accept_language, **hints},
    )
    return orjson.dumps(record)


def _cut(ip: str) -> str:
    """As ingest writes it by default: the first IP address of its /24 or /48."""
    found = ip_address(ip)
    spare = 8 if found.version == 4 else 80
    return str(type(found)(int(found) >> spare << spare))


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _token(rng: random.Random) -> str:
    return f"Cj0KCQ{rng.getrandbits(240):060x}"
