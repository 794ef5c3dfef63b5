"""Events and bodies that are wrong in several ways, and what the answer says of it."""
# ruff: noqa: E501 - one line per case

# ruff: noqa: E501 - one line per case

import json
from typing import Any

import pytest

from tests.ingest_lambda.doubles import NOW, PAGE_VIEW, Bench, gateway
from tests.ingest_lambda.tolerance import AT, stored


def test_a_field_that_is_none_costs_nothing_else(bench: Bench) -> None:
    """Everything wrong at once: the order is still there."""
    event = {
        "event": "Purchase",
        "event_id": "order-1",
        "visitor_id": "v/1",
        "ts": "now",
        "page": {"url": "https://loja.example/ok", "title": {}, "referrer": 7},
        "screen": {"width": "no", "height": 1080},
        "consent": {"analytics": "granted", "ads": "??"},
        "ecommerce": {
            "currency": "BRL",
            "value": "R$ 19,90",
            "transaction_id": 10023,
            "items": [{"item_id": 1, "price": "9,90", "quantity": "2"}, None, "SKU-2"],
        },
    }
    found = stored(bench, event)

    assert found["ecommerce"] == {
        "currency": "BRL",
        "value": None,
        "transaction_id": "10023",
        "items": [{"item_id": "1", "price": None, "quantity": 2}, {"item_id": "SKU-2"}],
    }
    assert found["page"] == {"url": "https://loja.example/ok", "title": None, "referrer": "7"}
    assert found["screen"] == {"width": None, "height": 1080}
    assert found["consent"] == {"analytics": True, "ads": False}
    assert found["properties"]["original"] == {
        "event": "Purchase",
        "event_id": "order-1",
        "ts": "now",
        "screen.width": "no",
        "consent.ads": "??",
        "ecommerce.value": "R$ 19,90",
        "ecommerce.items.0.price": "9,90",
    }


def test_nan_and_infinity_cost_their_field_and_no_other_event(bench: Bench) -> None:
    """Python and Java write them though JSON has none."""
    body = '[{"event":"a","visitor_id":"v","n":NaN},{"event":"purchase","visitor_id":"v","ecommerce":{"value":-Infinity,"tax":1}},{"event":"b","visitor_id":"v","n":1e400,"m":0.1}]'

    assert bench.post(gateway(body))[1]["accepted"] == 3
    first, second, third = bench.records()[0]["events"]
    assert (first["properties"], first["repairs"]) == ({"n": None}, ["properties:absent"])
    assert (second["ecommerce"], second["repairs"]) == ({"value": None, "tax": 1}, ["ecommerce.value:absent"])
    assert third["properties"] == {"n": "1e400", "m": 0.1}


def test_wide_numbers_keep_every_digit_where_a_text_is_wanted(bench: Bench) -> None:
    number = "123456789012345678901234567890"
    body = f'{{"event":"purchase","visitor_id":{number},"order":{number},"ecommerce":{{"transaction_id":{number},"value":{number}}}}}'
    assert bench.post(gateway(body))[1]["accepted"] == 1

    (record,) = bench.records()
    (event,) = record["events"]
    assert (
        record["visitor_id"] == event["ecommerce"]["transaction_id"] == event["properties"]["order"] == number
    )
    assert event["properties"]["original"] == {"ecommerce.value": number}


def test_a_subtree_that_is_too_deep_is_kept_as_json_text(bench: Bench) -> None:
    deep: Any = {"leaf": [1, "é"]}
    for _ in range(20):
        deep = {"a": deep}
    found = stored(bench, PAGE_VIEW | {"properties": {"deep": deep, "flat": 1}})

    assert found["repairs"] == ["properties:to_text"]
    inner: Any = found["properties"]["deep"]
    while isinstance(inner, dict):
        inner = inner["a"]
    assert '{"leaf":[1,"é"]}' in inner
    assert found["properties"]["flat"] == 1


@pytest.mark.parametrize("body", [json.dumps(json.dumps(PAGE_VIEW)), json.dumps([json.dumps(PAGE_VIEW)]), json.dumps({"0": PAGE_VIEW}), json.dumps({"events": {"0": PAGE_VIEW}}), json.dumps(json.dumps({"events": [PAGE_VIEW]}))])  # fmt: skip
def test_a_body_that_was_encoded_twice_or_as_php_does_is_read(bench: Bench, body: str) -> None:
    assert bench.post(gateway(body))[1]["accepted"] == 1
    assert bench.records()[0]["visitor_id"] == "v1"


@pytest.mark.parametrize(
    ("at_client", "ms", "what"),
    [(AT // 1000, AT, "seconds"), (AT * 1000, AT, "microseconds"), ("2026-11-21T21:19:58", None, "no_zone"), ("soon", None, "unreadable"), (AT, AT, None), ("", None, None)],
)  # fmt: skip
def test_the_clock_of_the_request_is_read_by_the_same_rule(
    bench: Bench, at_client: Any, ms: int | None, what: str | None
) -> None:
    body = bench.post(gateway({"sent_at": at_client, "events": [PAGE_VIEW]}))[1]

    assert bench.records()[0]["sent_at"] == ms
    assert body.get("repaired", []) == ([{"index": 0, "field": "sent_at", "what": what}] if what else [])


def test_seconds_in_both_clocks_keep_the_wait(bench: Bench) -> None:
    """An event that waited 40 minutes at the client is 40 minutes old, not 2.4 seconds."""
    bench.post(gateway({"sent_at": NOW // 1000, "events": [PAGE_VIEW | {"ts": NOW // 1000 - 2400}]}))

    (record,) = bench.records()
    assert record["sent_at"] - record["events"][0]["ts"] == 2_400_000


def test_the_answer_names_the_event_the_field_and_what_was_done(bench: Bench) -> None:
    events = [PAGE_VIEW, PAGE_VIEW | {"event": "Search", "search_term": 5}, 7]
    body = bench.post(gateway(events))[1]

    assert body["repaired"] == [
        {"index": 1, "field": "event", "what": "renamed"},
        {"index": 1, "field": "search_term", "what": "to_text"},
    ]
    assert [one["index"] for one in body["rejected"]] == [2]


def test_the_answer_is_bounded(bench: Bench) -> None:
    body = bench.post(gateway([{"event": "Page View", "visitor_id": "v", "search_term": 5}] * 500))[1]

    assert body["accepted"] == 500
    assert len(body["repaired"]) == 50
