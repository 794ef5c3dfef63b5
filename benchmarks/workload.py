"""The realistic mix for the consumer's figures: the demo shop's visits, through the ingest core, as raw records.

Seeded: the same arguments give the same bytes. Only whole records are kept, `per_record` events of one visitor.
Each event is filled up to between 1 and 2 KB with the attributes that shops send along, so that sizes are
those of storefronts whose data layer is rich. With `filled=False` they stay the demo shop's bare events.
"""

import gzip
import random
from base64 import b64encode
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson

from ingest_lambda.adapters.native import NATIVE
from ingest_lambda.events.accept import AcceptContext, accept
from ingest_lambda.http.request import Request
from rastro.synthetic_shop import plan
from schemas import Sites, parse_sites
from schemas.files import FOLDER

NOW = 1_795_296_000_000
KEY = "pk_demo_loja_0001"
SMALLEST, LARGEST = 1_000, 2_000

_COLOURS = ("preto", "branco", "azul-marinho", "verde", "vermelho", "cinza", "bege", "rosa")
_NAMES = (
    "filter",
    "facet",
    "banner",
    "shelf",
    "variant",
    "stock",
    "badge",
    "freight",
    "installments",
    "vital",
    "feature",
    "segment",
)
_PAGES = ("home", "category", "product", "search", "cart", "checkout", "account")
_TEXT = """
frete grátis para todo o Brasil acima de R$ 199 entrega em até cinco dias úteis troca fácil em trinta dias
algodão orgânico costura reforçada lavável à máquina garantia de doze meses parcelado em dez vezes sem juros
"""


def sites() -> Sites:
    """The demo's sites."""
    return parse_sites((FOLDER / "examples" / "sites.json").read_bytes())


def raw_records(
    seed: int, events: int, per_record: int, *, distinct_agents: bool = False, filled: bool = True
) -> list[bytes]:
    """At least `events` events in records of exactly `per_record`, in an order like a stream's."""
    by_visitor: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    all_sites = sites()
    wanted = events + per_record * 50
    records: list[bytes] = []
    round_ = 0
    while sum(len(group) // per_record for group in by_visitor.values()) * per_record < wanted:
        for request in plan(seed + round_, max(2_000, events), NOW).requests:
            _take(request, all_sites, by_visitor, str(round_))
        round_ += 1
    rng = random.Random(seed)
    queues = []
    for parts in by_visitor.values():
        whole = len(parts) // per_record * per_record
        chunks = [parts[at : at + per_record] for at in range(0, whole, per_record)]
        if chunks:
            queues.append(iter(chunks))
    # A shard sees many visitors at once: take from a few hundred in turn, each in its own order.
    active: list[Any] = []
    number = 0
    while len(records) * per_record < events and (queues or active):
        while queues and len(active) < 300:
            active.append(queues.pop())
        turn = rng.randrange(len(active))
        chunk = next(active[turn], None)
        if chunk is None:
            active[turn] = active[-1]
            active.pop()
            continue
        number += 1
        records.append(_record(rng, chunk, number, distinct_agents=distinct_agents, filled=filled))
    return records


def renamed(records: Sequence[bytes], number: int, later_ms: int = 0) -> list[bytes]:
    """The same events under new ids, so that a round is not all duplicates; `later_ms`: and that much later."""
    made = []
    mark = f"{number:02x}"
    for data in records:
        record = orjson.loads(data)
        record["received_at"] += later_ms
        if record.get("sent_at") is not None:
            record["sent_at"] += later_ms
        for event in record["events"]:
            event["event_id"] = mark + event["event_id"][2:]
            if event.get("ts") is not None:
                event["ts"] += later_ms
        made.append(orjson.dumps(record))
    return made


def _take(
    request: Any, all_sites: Sites, by_visitor: defaultdict[str, list[dict[str, Any]]], mark: str
) -> None:
    headers = {name.lower(): text for name, text in request.headers}
    body = request.body
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
        del headers["content-encoding"]
    http = Request(
        mark,
        "POST",
        "/v1/events",
        {"key": KEY},
        headers,
        request.ip,
        b64encode(body).decode(),
        is_base64=True,
    )
    site = all_sites.by_key.get(KEY)
    assert site is not None
    context = AcceptContext(lambda: b"benchmark" * 4, NOW)
    for put in accept(http, site, NATIVE.read(http, site), context).records:
        record = orjson.loads(put.data)
        shared = {name: value for name, value in record.items() if name != "events"}
        by_visitor[put.partition_key] += [{"shared": shared, "event": event} for event in record["events"]]


def _record(
    rng: random.Random, chunk: list[dict[str, Any]], number: int, *, distinct_agents: bool, filled: bool
) -> bytes:
    shared = dict(chunk[0]["shared"])
    shared["user_agent"] = in_app(shared["visitor_id"], shared.get("user_agent"))
    if distinct_agents and shared.get("user_agent"):
        build = f"{rng.randint(4000, 9999)}.{rng.randint(0, 250)}"
        shared["user_agent"] = shared["user_agent"] + f" Shop/{number}.{build}"
    events = [_filled(rng, part["event"]) if filled else part["event"] for part in chunk]
    return orjson.dumps(shared | {"received_at": NOW + number, "events": events})


def in_app(visitor: str, agent: str | None) -> str | None:
    """The visitor's own agent: of three in ten it is an app's browser, which tells its build and its phone.

    That is where variety of agents comes from today: the browsers themselves have frozen theirs.
    """
    rng = random.Random(visitor)
    if not agent or "Mobile" not in agent or rng.random() > 0.3:
        return agent
    build = f"{rng.randint(380, 410)}.0.0.{rng.randint(10, 60)}.{rng.randint(60, 140)}"
    if rng.random() < 0.5:
        return f"{agent} Instagram {build} (scale=3.00; 1170x2532; {rng.randint(10**8, 10**9)})"
    return f"{agent} [FBAN/FB4A;FBAV/{build};IABMV/1;]"


def _filled(rng: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    size = rng.randint(SMALLEST, LARGEST)
    properties = dict(event.get("properties") or {})
    properties |= {
        "page_type": rng.choice(_PAGES),
        "experiment": f"exp_{rng.randint(1, 40)}:{rng.choice('AB')}",
        "scroll_depth": rng.randint(0, 100),
        "logged_in": rng.random() < 0.3,
        "cart_size": rng.randint(0, 6),
        "color": rng.choice(_COLOURS),
        "load_ms": rng.randint(180, 4000),
        "component": f"shelf_{rng.randint(1, 12)}/slot_{rng.randint(1, 24)}",
    }
    event = event | {"properties": properties}
    short = size - len(orjson.dumps(event))
    while short > 0:
        name, value = _attribute(rng)
        if name not in properties:
            properties[name] = value
            short -= len(orjson.dumps({name: value})) - 1
    return event


def _attribute(rng: random.Random) -> tuple[str, Any]:
    """One attribute as data layers carry them: a label, a teaser, an image's URL, a number, a flag."""
    name = f"{rng.choice(_NAMES)}_{rng.randint(1, 30)}"
    kind = rng.random()
    if kind < 0.3:
        return name, " ".join(rng.choices(_TEXT.split(), k=rng.randint(1, 5)))
    if kind < 0.55:
        return name, " ".join(rng.choices(_TEXT.split(), k=rng.randint(8, 16)))
    if kind < 0.7:
        return (
            name,
            f"https://cdn.loja.example/img/{rng.choice(_COLOURS)}/{rng.choice(_NAMES)}-{name}.webp",
        )
    if kind < 0.85:
        return name, rng.randint(0, 5000)
    if kind < 0.95:
        return name, round(rng.random() * 500, 2)
    return name, rng.random() < 0.5
