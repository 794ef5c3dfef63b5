"""One request: what becomes a record, what becomes a rejected row, and what the client hears."""

import json
from typing import Any

import jsonschema_rs
import pytest

from schemas import json_file
from tests.ingest_lambda.doubles import KEY, NOW, PAGE_VIEW, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))
ID = PAGE_VIEW["event_id"].lower()


def test_a_single_event_becomes_one_raw_record(bench: Bench) -> None:
    """The record is what schemas/raw.schema.json says, to the field."""
    headers = {
        "accept-language": "pt-BR",
        "Referer": "https://a.example/",
        "Sec-CH-UA": '"Chromium"',
        "x-else": "1",
    }

    status, body, _ = bench.post(gateway(PAGE_VIEW | {"ts": NOW - 5}, headers=headers))

    assert (status, body) == (202, {"accepted": 1, "rejected": []})
    assert bench.records() == [
        {
            "v": 1,
            "site": "loja",
            "visitor_id": "v1",
            "visitor_kind": "cookie",
            "received_at": NOW,
            "sent_at": None,
            "ip": "203.0.113.9",
            "user_agent": "Mozilla/5.0",
            "headers": {
                "accept_language": "pt-BR",
                "referer": "https://a.example/",
                "sec_ch_ua": '"Chromium"',
            },
            "events": [{"event_id": ID, "event": "page_view", "ts": NOW - 5}],
        }
    ]
    assert bench.stream.stored[0].partition_key == "loja/v1"
    RAW.validate(bench.records()[0])


@pytest.mark.parametrize(
    "body",
    [
        PAGE_VIEW,
        [PAGE_VIEW],
        {"sent_at": NOW - 10, "events": [PAGE_VIEW]},
        {"sent_at": "2026-11-21T21:20:00.113Z", "events": [PAGE_VIEW]},
        {"events": PAGE_VIEW},
        "\ufeff" + json.dumps(PAGE_VIEW),
    ],
    ids=["single", "array", "envelope", "envelope RFC 3339", "envelope of one", "byte order mark"],
)
@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain;charset=UTF-8", "Application/JSON ; charset=utf-8"]
)
def test_every_form_of_body(bench: Bench, body: Any, gzipped: bool, media_type: str) -> None:
    status, answer, _ = bench.post(gateway(body, gzipped=gzipped, headers={"content-type": media_type}))

    assert (status, answer["accepted"]) == (202, 1)
    (record,) = bench.records()
    has_clock = isinstance(body, dict) and "sent_at" in body
    assert (NOW - 10 if has_clock else None) == record["sent_at"]
    assert record["events"] == [{"event_id": ID, "event": "page_view"}]


def test_gzip_is_known_by_its_first_bytes_too(bench: Bench) -> None:
    """A beacon cannot set Content-Encoding."""
    event = gateway(gzipped=True, headers={"content-type": "text/plain"})
    del event["headers"]["content-encoding"]

    assert bench.post(event)[0] == 202


def test_an_unreadable_sent_at_costs_no_event(bench: Bench) -> None:
    assert bench.post(gateway({"sent_at": "yesterday", "events": [PAGE_VIEW]}))[0] == 202
    assert bench.records()[0]["sent_at"] is None


def test_visitors_are_grouped_in_the_order_of_the_client(bench: Bench) -> None:
    """One record per visitor; inside it the order of the request."""
    events = [PAGE_VIEW | {"event_id": None, "visitor_id": who, "n": n} for n, who in enumerate("abacba")]

    bench.post(gateway(events))

    assert {
        record["visitor_id"]: [event["properties"]["n"] for event in record["events"]]
        for record in bench.records()
    } == {"a": [0, 2, 5], "b": [1, 4], "c": [3]}
    assert [entry.partition_key for entry in bench.stream.stored] == ["loja/a", "loja/b", "loja/c"]


@pytest.mark.parametrize(
    ("given", "ms"),
    [
        (1_795_295_998_000, 1_795_295_998_000),
        (1_795_295_998_000.75, 1_795_295_998_000),
        ("2026-11-21T21:19:58Z", 1_795_295_998_000),
        ("2026-11-21t21:19:58.123456789z", 1_795_295_998_123),
        ("2026-11-21T18:19:58.5-03:00", 1_795_295_998_500),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        (0, 0),
        (None, None),
    ],
)
def test_times_become_epoch_milliseconds(bench: Bench, given: Any, ms: int | None) -> None:
    assert bench.post(gateway(PAGE_VIEW | {"ts": given}))[0] == 202
    assert ms == bench.records()[0]["events"][0]["ts"]
    RAW.validate(bench.records()[0])


@pytest.mark.parametrize(
    ("event", "reason", "detail"),
    [
        ({"visitor_id": "v"}, "invalid_event", "event: an event needs a name, and this is null"),
        ({"event": ""}, "invalid_event", "event: a name needs a letter or digit"),
        ({"event": "購入"}, "invalid_event", "event: a name needs a letter or digit"),
        ({"event": 7}, "invalid_event", "event: an event needs a name, and this is a number"),
        ({"event": {"name": "x"}}, "invalid_event", "event: an event needs a name, and this is an object"),
        (5, "not_an_object", "this is a number"),
        (None, "not_an_object", "this is null"),
        ([], "not_an_object", "this is an array"),
    ],
)
def test_a_bad_event_is_rejected_alone_and_kept_whole(
    bench: Bench, event: Any, reason: str, detail: str
) -> None:
    """The others are taken; the answer says where and why; the row holds the original."""
    status, body, _ = bench.post(gateway([PAGE_VIEW, event, PAGE_VIEW | {"event_id": None}]))

    assert (status, body["accepted"]) == (202, 2)
    (refused,) = body["rejected"]
    assert (1, reason) == (refused["index"], refused["reason"])
    assert detail in refused["detail"]
    (row,) = bench.rows()
    assert ("ingest", reason, refused["detail"], "loja", "json") == (
        row["stage"],
        row["reason"],
        row["detail"],
        row["site"],
        row["payload_encoding"],
    )
    assert row["rejected_at"] == "2026-11-21T21:20:00.123Z"
    assert event == json.loads(row["payload"])
    assert bench.delivery.stored[0].endswith(b"\n")


def test_unknown_fields_move_into_properties_and_overwrite_nothing(bench: Bench) -> None:
    event = PAGE_VIEW | {"colour": "red", "size": 4, "properties": {"colour": "blue", "colour_": "green"}}

    bench.post(gateway(event))

    assert bench.records()[0]["events"] == [
        {
            "event_id": ID,
            "event": "page_view",
            "properties": {"colour": "blue", "colour_": "green", "colour__": "red", "size": 4},
        }
    ]


def test_null_properties_take_unknown_fields(bench: Bench) -> None:
    bench.post(gateway(PAGE_VIEW | {"properties": None, "a": 1}))

    assert bench.records()[0]["events"][0]["properties"] == {"a": 1}


def test_an_absent_event_id_is_made_and_differs_by_request_and_place(bench: Bench) -> None:
    bare = {"event": "page_view", "visitor_id": "v1"}
    for request_id in ("one", "two"):
        bench.post(gateway([bare, bare], request_id=request_id))

    ids = {event["event_id"] for record in bench.records() for event in record["events"]}
    assert len(ids) == 4
    for record in bench.records():
        RAW.validate(record)


@pytest.mark.parametrize("key", [None, "", "pk_test_loja_000", "pk_test_loja_00011", "ключ", "\x00"])
def test_an_unknown_key_is_401(bench: Bench, key: str | None) -> None:
    status, body, _ = bench.post(gateway(key=key))

    assert (status, body["reason"]) == (401, "unknown_key")
    assert not bench.stream.calls


def test_the_key_may_stand_in_the_query_and_a_site_may_have_two(bench: Bench) -> None:
    assert bench.post(gateway(key=None, query=f"key={KEY}"))[0] == 202
    assert bench.post(gateway(key="pk_test_loja_0002"))[0] == 202
