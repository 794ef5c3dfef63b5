"""Requests as clients of other makers send them, through the whole function, with everything outside it in memory."""

import gzip
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.ingest_lambda.adapters.sites import SITES
from tests.ingest_lambda.doubles import NOW, Bench, gateway

Sent = dict[str, Any]


def shop(**fields: Any) -> Bench:
    return Bench(sites=SITES, **fields)


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


def post(
    path: str, body: Any, headers: dict[str, str] | None = None, *, query: str = "", **more: Any
) -> Sent:
    return gateway(body, path=path, query=query, headers=headers or {}, key=None, **more)


def get(path: str, query: str = "", headers: dict[str, str] | None = None) -> Sent:
    return gateway("", method="GET", path=path, query=query, headers=headers or {}, key=None)


def replayed(line: dict[str, Any]) -> Sent:
    """A recorded request as API Gateway hands it over."""
    url = urlsplit(line["url"])
    headers = {
        "user-agent": "UA",
        "content-type": line["content_type"] or "",
        "content-encoding": line.get("content_encoding") or "",
    }
    if line.get("authorization"):
        headers["authorization"] = line["authorization"]
    if line["client"] == "browser/jitsu":
        headers["x-write-key"] = "wk_test"
    if line["client"] in {"browser/seg", "browser/seg_batch"}:
        headers["authorization"] = "Basic d2tfdGVzdDo="
    body = line["body"].encode()
    if headers["content-encoding"] == "gzip":
        body = gzip.compress(body)
    return gateway(
        body, method=line["method"], path=url.path, query=url.query,
        headers={name: value for name, value in headers.items() if value}, key=None,
    )  # fmt: skip


@dataclass(frozen=True)
class Protocol:
    """One way to send one event: `ok` is the status of success, `make` a request with its key and n-th event."""

    name: str
    ok: int
    make: Callable[[str, int], Sent]


PAYLOADS = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"


def _uuid(n: int) -> str:
    return f"0b9c1e8a-7c0f-4e8e-9d7e-{n:012d}"


def _tp2(key: str, n: int) -> Sent:
    payload = {
        "e": "pv",
        "aid": key,
        "eid": _uuid(n),
        "duid": "v1",
        "url": "https://l/",
        "dtm": str(NOW),
        "stm": str(NOW),
    }
    return post("/com.snowplowanalytics.snowplow/tp2", {"schema": PAYLOADS, "data": [payload]})


def _i(key: str, n: int) -> Sent:
    return get("/i", f"e=pv&aid={key}&duid=v1&eid={_uuid(n)}")


def _message(n: int) -> dict[str, Any]:
    properties = {"product_id": "p1"}
    return {
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": "v1",
        "messageId": f"m-{n}",
        "properties": properties,
    }


def _batch(key: str, n: int) -> Sent:
    return post("/v1/batch", {"batch": [_message(n)], "writeKey": key})


def _browser(key: str, n: int) -> Sent:
    return post("/v1/t", json.dumps(_message(n)), basic(key) | {"content-type": "text/plain"})


def _jitsu(key: str, n: int) -> Sent:
    return post("/api/s/track", _message(n) | {"writeKey": "k:***"}, {"x-write-key": key})


def _measurement(key: str, n: int) -> Sent:
    body = {"client_id": "v1", "timestamp_micros": (NOW - n) * 1000, "events": [{"name": "view_item"}]}
    name = "api_secret" if key.startswith("sk_") else "measurement_id"
    return post("/mp/collect", body, query=f"{name}={key}")


def _gtag(key: str, n: int) -> Sent:
    return get("/g/collect", f"v=2&tid={key}&cid=v1&_p=1&_s={n}&en=page_view")


def _plausible(key: str, n: int) -> Sent:
    return post(
        "/api/event",
        json.dumps({"n": "pageview", "u": "https://l/", "d": key}),
        {"content-type": "text/plain"},
    )


def _umami(key: str, n: int) -> Sent:
    return post("/api/send", {"type": "event", "payload": {"website": key, "url": "/", "name": "x"}})


PROTOCOLS = [
    Protocol("segment batch", 200, _batch),
    Protocol("segment browser", 200, _browser),
    Protocol("jitsu", 200, _jitsu),
    Protocol("measurement protocol", 204, _measurement),
    Protocol("gtag", 204, _gtag),
    Protocol("snowplow post", 200, _tp2),
    Protocol("snowplow get", 200, _i),
    Protocol("plausible", 202, _plausible),
    Protocol("umami", 200, _umami),
]
