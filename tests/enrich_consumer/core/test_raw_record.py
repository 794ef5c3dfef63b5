"""The types of a raw record against the contract's JSON Schema: they take the same records."""

import copy
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich_consumer.core.decode import decode
from enrich_consumer.core.record import Incoming, Reject
from schemas import Reason, json_file
from tests.support.consumer_doubles import NOW, SITES, event, raw

FULL = orjson.loads(
    raw(
        event(
            1,
            ts=NOW - 5,
            user_id="c1",
            language="pt-BR",
            search_term="tênis",
            page={"url": "https://www.loja.example/", "title": "Loja", "referrer": None},
            screen={"width": 390, "height": 844, "viewport_width": 390, "viewport_height": 700},
            ecommerce={"currency": "BRL", "value": 10.5, "items": [{"item_id": "1", "price": 10.5}]},
            consent={"analytics": True, "ads": False},
            properties={"cor": "azul-marinho", "n": 1.50, "lista": [1, {"a": None}]},
        ),
        event(2),
        sent_at=NOW - 1,
        ip="203.0.113.9",
        user_agent="Mozilla/5.0",
        headers={"referer": "https://www.loja.example/", "sec_gpc": "1", "other": 1},
    )
)
VALIDATOR = jsonschema_rs.validator_for(json_file("raw.schema.json"))
MALFORMED = [
    None,
    True,
    0,
    -1,
    7,
    1.0,
    1.5,
    10**18,
    10**19,
    "",
    "x",
    "É",
    "a" * 200,
    [],
    [1],
    {},
    {"a": 1},
    [{}],
]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [deeper for key, one in parts for deeper in _paths(one, (*path, key))]


def _mutated(path: tuple[Any, ...], malformed: Any, *, drop: bool) -> bytes:
    made = copy.deepcopy(FULL)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    if drop:
        del inner[path[-1]]
    else:
        inner[path[-1]] = malformed
    return orjson.dumps(made)


def _compare(data: bytes) -> None:
    """The types and the schema agree on whether it is a record."""
    assert (_reason(data) in {None, Reason.UNKNOWN_SITE}) == VALIDATOR.is_valid(orjson.loads(data)), data


def _reason(data: bytes) -> Reason | None:
    try:
        decode(Incoming(1, data), SITES)
    except Reject as verdict:
        return verdict.reason
    return None


def test_the_full_record_is_read():
    found = decode(Incoming(1, orjson.dumps(FULL)), SITES)
    assert found.events[0].pop("properties") == orjson.dumps(FULL["events"][0]["properties"])
    assert found.events == [{k: v for k, v in one.items() if k != "properties"} for one in FULL["events"]]
    assert found.headers == {k: v for k, v in FULL["headers"].items() if k != "other"}


@pytest.mark.parametrize("path", _paths(FULL), ids=str)
def test_the_types_take_what_the_schema_takes(path):
    for malformed in MALFORMED:
        if path == ("v",) and malformed == 1.0:
            continue  # a version is written as a whole number; the schema cannot say so
        _compare(_mutated(path, malformed, drop=False))
    _compare(_mutated(path, None, drop=True))


@given(st.binary(max_size=30), st.integers(0, len(orjson.dumps(FULL))), st.integers(0, 40))
@settings(max_examples=500, deadline=None)
def test_damaged_bytes(noise, inner, gone):
    data = orjson.dumps(FULL)
    _reason(data[:inner] + noise + data[inner + gone :])


def _with_properties(text: bytes) -> bytes:
    return raw(event(1, properties="HERE")).replace(b'"HERE"', text)


def test_properties_stay_as_they_were_written():
    text = b'{"n": 1.50, "big": 123456789012345678901234567890}'
    (found,) = decode(Incoming(1, _with_properties(text)), SITES).events
    assert found["properties"] == text


@pytest.mark.parametrize("text", [b"null", b"{}", b" { } "])
def test_no_properties(text):
    (found,) = decode(Incoming(1, _with_properties(text)), SITES).events
    assert orjson.loads(found.get("properties") or b"{}") == {}


@pytest.mark.parametrize("text", [b"[]", b'"{}"', b"7", b"true"])
def test_properties_that_are_no_object(text):
    with pytest.raises(Reject) as caught:
        decode(Incoming(1, _with_properties(text)), SITES)
    assert (caught.value.reason, caught.value.detail[:21]) == (Reason.INVALID_RECORD, "events/0/properties: ")


@pytest.mark.parametrize(
    "text", [b'{"a":}', b'{"a":01}', b'{"a":"\\q"}', b'{"a":"\\ud800"}', b'{"a":"\n"}', b"{"]
)
def test_properties_that_are_no_json(text):
    with pytest.raises(Reject) as caught:
        decode(Incoming(1, _with_properties(text)), SITES)
    assert caught.value.reason is Reason.RECORD_NOT_JSON


@pytest.mark.parametrize("path", [("site",), ("events", 0, "event")])
def test_a_name_with_a_second_line_that_looks_like_an_event_is_refused(path: tuple[Any, ...]) -> None:
    """Names are looked at together, a line each: a line break inside one must not pass for two names."""
    name = f"page_view\n{FULL['events'][1]['event_id']} page_view"
    data = _mutated(path, name, drop=False)
    assert not VALIDATOR.is_valid(orjson.loads(data))
    _compare(data)
