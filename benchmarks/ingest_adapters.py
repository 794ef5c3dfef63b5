"""Other makers' protocols at ingest: a purchase of three items in each, ten in a request where one can hold ten."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

from benchmarks.workload import NOW

EVENTS = 10
SNOWPLOW = "iglu:com.snowplowanalytics.snowplow"
PRODUCTS: list[dict[str, Any]] = [
    {
        "id": f"SKU-{n}",
        "name": "Camiseta",
        "brand": "Marca",
        "category": "Roupas",
        "price": 49.9,
        "quantity": 1,
    }
    for n in range(3)
]
PAGE = {
    "url": "https://www.loja.example/p/camiseta?cor=azul",
    "title": "Camiseta Básica",
    "referrer": "https://www.google.com/",
}
Parts = tuple[str, str, str]
"""Path, query and body."""


def requests(key: str) -> dict[str, tuple[int, Parts]]:
    """Of each protocol: how many events, and the parts of the request."""
    tp2 = "/com.snowplowanalytics.snowplow/tp2"
    shared = urlencode({"v": 2, "tid": key, "cid": "1.2", "dl": PAGE["url"]})
    revenue = {"amount": 149.7, "currency": "BRL"}
    counted = {"n": "Purchase", "u": PAGE["url"], "d": key, "$": revenue}
    sent = {"type": "event", "payload": {"website": key, "url": "/p", "name": "purchase"}}
    return {
        "segment": (EVENTS, ("/v1/batch", "", json.dumps(_segment(key)))),
        "measurement_protocol": (
            EVENTS,
            ("/mp/collect", f"measurement_id={key}", json.dumps(_measurement())),
        ),
        "gtag": (EVENTS, ("/g/collect", shared, _hits())),
        "snowplow": (EVENTS, (tp2, "", json.dumps(_payloads(key, packed=False)))),
        "snowplow_base64": (EVENTS, (tp2, "", json.dumps(_payloads(key, packed=True)))),
        "plausible": (1, ("/api/event", "", json.dumps(counted))),
        "umami": (1, ("/api/send", "", json.dumps(sent))),
    }


def _segment(key: str) -> dict[str, Any]:
    products: list[dict[str, Any]] = [{"product_id": product["id"], **product} for product in PRODUCTS]
    properties = {
        "order_id": "o-1",
        "revenue": 149.7,
        "shipping": 10,
        "tax": 3,
        "currency": "BRL",
        "products": products,
    }
    context = {"page": PAGE, "locale": "pt-BR", "library": {"name": "analytics.js", "version": "1"}}
    message: dict[str, Any] = {
        "type": "track",
        "event": "Order Completed",
        "anonymousId": "v1",
        "userId": "u1",
    }
    message |= {"properties": properties, "context": context, "timestamp": "2026-11-21T21:19:59.123Z"}
    return {
        "writeKey": key,
        "sentAt": "2026-11-21T21:20:00.000Z",
        "batch": [{**message, "messageId": f"ajs-next-1795603380804-{n}"} for n in range(EVENTS)],
    }


def _measurement() -> dict[str, Any]:
    items = [
        {"item_id": p["id"], "item_name": p["name"], "price": p["price"], "quantity": 1} for p in PRODUCTS
    ]
    params = {"currency": "BRL", "value": 149.7, "transaction_id": "o-1", "items": items, "session_id": 17}
    return {
        "client_id": "1.2",
        "timestamp_micros": NOW * 1000,
        "events": [{"name": "purchase", "params": params}] * EVENTS,
    }


def _hits() -> str:
    items = {
        f"pr{n}": f"id{p['id']}~nm{p['name']}~br{p['brand']}~pr{p['price']}~qt1"
        for n, p in enumerate(PRODUCTS, 1)
    }
    hit = {
        "en": "purchase",
        "cu": "BRL",
        "epn.value": 149.7,
        "ep.transaction_id": "o-1",
        "_p": 9,
        "_s": 1,
    } | items
    return "\r\n".join([urlencode(hit)] * EVENTS)


def _payloads(key: str, *, packed: bool) -> dict[str, Any]:
    ecommerce = f"{SNOWPLOW}.ecommerce"
    entities = [{"schema": f"{ecommerce}/product/jsonschema/1-0-0", "data": product} for product in PRODUCTS]
    order = {"transaction_id": "o-1", "revenue": 149.7, "currency": "BRL"}
    entities.append({"schema": f"{ecommerce}/transaction/jsonschema/1-0-0", "data": order})
    contexts = json.dumps({"schema": f"{SNOWPLOW}/contexts/jsonschema/1-0-0", "data": entities})
    action = {
        "schema": f"{ecommerce}/snowplow_ecommerce_action/jsonschema/1-0-2",
        "data": {"type": "transaction"},
    }
    event = json.dumps({"schema": f"{SNOWPLOW}/unstruct_event/jsonschema/1-0-0", "data": action})
    payload = {
        "e": "ue",
        "aid": key,
        "duid": "d1",
        "uid": "u1",
        "dtm": str(NOW),
        "stm": str(NOW),
        "tv": "js-4.10.1",
    }
    payload |= {
        "url": PAGE["url"],
        "page": PAGE["title"],
        "refr": PAGE["referrer"],
        "res": "1920x1080",
        "lang": "pt-BR",
    }
    payload |= (
        {"cx": _base64(contexts), "ue_px": _base64(event)} if packed else {"co": contexts, "ue_pr": event}
    )
    data = [{**payload, "eid": f"0b9c1e8a-7c0f-4e8e-9d7e-{n:012d}"} for n in range(EVENTS)]
    return {"schema": f"{SNOWPLOW}/payload_data/jsonschema/1-0-4", "data": data}


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode().rstrip("=").replace("+", "-").replace("/", "_")
