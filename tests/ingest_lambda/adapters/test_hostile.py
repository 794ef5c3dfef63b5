"""The public corpora of hostile input through every foreign route: every case has an answer, none is a 5xx."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from ingest_lambda.routes import ADAPTERS
from tests.ingest_lambda.adapters.requests import PAYLOADS, get, post, shop
from tests.ingest_lambda.adapters.sites import PUBLIC, SECRET
from tests.ingest_lambda.test_corpora import JSON_SUITE, NAUGHTY

TAKEN = {200, 202, 204}
REFUSED = {400, 401, 403, 405, 413, 415, 422}
BODIES = sorted(
    path for path, adapter in ADAPTERS.items() if "POST" in adapter.methods and path != "/v1/events"
)
CASES = {name: body for name, body in JSON_SUITE.items() if name.startswith("parsing/")}


def check(sent: dict[str, Any], what: str) -> None:
    """An answer that is none of ours' fault; what was taken is stored, and nothing else is."""
    bench = shop()
    status, _, _ = bench.post(sent)
    assert status in TAKEN | REFUSED, what
    if status in REFUSED:
        assert not bench.stream.calls, what
        assert not bench.delivery.calls, what


@pytest.mark.parametrize("path", BODIES)
def test_any_body_has_an_answer(path: str) -> None:
    for name, body in CASES.items():
        check(post(path, body, {"x-rastro-key": SECRET}, query="measurement_id=G-X&tid=G-X"), name)
        if name.startswith("parsing/i_"):
            check(post(path, body), name)


def _batch(value: Any) -> dict[str, Any]:
    return {"batch": [{"type": "track", "event": "x", "properties": value, "context": value}, value]}


def _track(value: Any) -> dict[str, Any]:
    context = {
        "page": value,
        "screen": value,
        "consent": {"categoryPreferences": value},
        "userAgentData": value,
    }
    properties = {"products": [value], "price": value, "total": value, "tax": value}
    return {"event": value, "properties": properties, "context": context, "userId": value}


def _measurement(value: Any) -> dict[str, Any]:
    events = [{"name": "x", "params": value}, {"name": value}, value]
    more = dict.fromkeys(("user_properties", "consent", "timestamp_micros", "device", "client_id"), value)
    return {"events": events} | more


def _payloads(value: Any) -> dict[str, Any]:
    text = json.dumps(value)
    self_describing = [{"e": "ue", "ue_pr": each, "co": each} for each in (value, text)]
    return {"schema": PAYLOADS, "data": [value, *self_describing, {"e": value, "stm": value, "res": value}]}


def _plausible(value: Any) -> dict[str, Any]:
    return {"n": "x", "u": value, "p": value, "$": value, "w": value}


def _umami(value: Any) -> dict[str, Any]:
    return {
        "type": "event",
        "payload": dict.fromkeys(("url", "hostname", "data", "timestamp", "screen"), value),
    }


WRAPPED: dict[str, Callable[[Any], dict[str, Any]]] = {
    "/v1/batch": _batch,
    "/v1/track": _track,
    "/mp/collect": _measurement,
    "/com.snowplowanalytics.snowplow/tp2": _payloads,
    "/api/event": _plausible,
    "/api/send": _umami,
}
"""A value at every position of a document that an adapter reads."""


def values() -> list[Any]:
    found: list[Any] = [
        None,
        True,
        0,
        -1,
        2**70,
        1e300,
        "",
        "x" * 10_000,
        [],
        {},
        [[]],
        [None],
        {"": ""},
        {"schema": 5, "data": 5},
    ]
    for name, body in CASES.items():
        if "/y_" in name:
            found.append(json.loads(body))
    return found


@pytest.mark.parametrize("path", WRAPPED)
def test_any_value_anywhere_has_an_answer(path: str) -> None:
    for number, value in enumerate(values()):
        body = json.dumps(WRAPPED[path](value))
        check(
            post(path, body, {"x-rastro-key": PUBLIC}, query="measurement_id=G-X"), f"{number}: {value!r:.80}"
        )


@pytest.mark.parametrize("path", WRAPPED)
def test_a_naughty_string_anywhere_has_an_answer(path: str) -> None:
    for text in NAUGHTY:
        check(post(path, WRAPPED[path](text), {"x-rastro-key": PUBLIC}, query="measurement_id=G-X"), text)
        check(
            post(path, WRAPPED[path]({text: text}), {"x-rastro-key": PUBLIC}, query="measurement_id=G-X"),
            text,
        )


def test_a_naughty_string_in_a_query_or_a_header_has_an_answer() -> None:
    for text in NAUGHTY:
        for given in (text, quote(text)):
            check(
                get("/g/collect", f"tid=G-X&en={given}&pr1={given}&gcs={given}&uafvl={given}&sr={given}"),
                text,
            )
            check(get("/g/collect", given, {"x-rastro-key": PUBLIC}), text)
            check(get("/i", f"aid=shop&e=ue&cx={given}&ue_px={given}&dtm={given}&tv={given}"), text)
            check(post("/g/collect", f"{given}\n{given}", query=f"tid=G-X&{given}"), text)
        check(post("/v1/track", {"event": "x"}, {"authorization": text, "x-write-key": text}), text)
        check(
            post("/v1/track", {"event": "x"}, {"authorization": f"Basic {text}", "content-type": text}), text
        )


def test_a_body_at_the_limits_of_the_protocols() -> None:
    message = {"type": "track", "event": "x", "anonymousId": "a", "properties": {"fill": "y" * 900}}
    batch = {"batch": [message | {"messageId": f"m{n}"} for n in range(490)]}  # 500 kB, Segment's own limit
    bench = shop()

    status, body, _ = bench.post(post("/v1/batch", batch, {"x-rastro-key": PUBLIC}))

    assert (status, body["accepted"]) == (200, 490)
    check(post("/v1/batch", {"batch": [message] * 501}, {"x-rastro-key": PUBLIC}), "501 messages")
    check(post("/v1/batch", {"batch": [message] * 2000}, {"x-rastro-key": PUBLIC}), "2 MB")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "OPTIONS", ""])
def test_another_method_has_an_answer(method: str) -> None:
    for path in [
        *ADAPTERS,
        "/v1/projects/x/settings",
        "/v1/projects//settings",
        "/v1/projects/settings",
        "/com.loja/track",
    ]:
        status, _, _ = shop().post(post(path, "", {"x-rastro-key": PUBLIC}, method=method))
        assert status in TAKEN | REFUSED | {404}, (path, status)
