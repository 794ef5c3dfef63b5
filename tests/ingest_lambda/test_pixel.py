"""The pixel: an event in a query, answered with an image whatever becomes of it."""

import base64
from typing import Any

import jsonschema_rs
import pytest

from ingest_lambda.adapters.pixel import GIF
from schemas import json_file
from tests.ingest_lambda.doubles import KEY, NOW, PAGE_VIEW, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))


STRICT = "pk_test_strict_01"


SHOP = "https://shop.example"


def pixel(bench: Bench, query: str, **headers: str) -> tuple[int, bytes, dict[str, Any]]:
    event = gateway("", method="GET", path="/v1/p.gif", key=None, query=query, headers=headers)
    status, body, answer = bench.post(event)
    assert answer["content-type"] == "image/gif"
    assert answer["cache-control"] == "no-store"
    return status, base64.b64decode(body), answer


def test_a_pixel_is_an_event(bench: Bench) -> None:
    query = (
        f"key={KEY}&event=email_open&event_id={PAGE_VIEW['event_id']}&visitor_id=v1&user_id=u&ts={NOW - 9}"
        "&url=https%3A%2F%2Floja.example%2F%3Fa%3D1&title=Ol%C3%A1&campaign=spring&campaign2="
    )

    status, body, _ = pixel(bench, query)

    assert (status, body) == (200, GIF)
    (record,) = bench.records()
    assert record["visitor_id"] == "v1"
    assert record["events"] == [
        {
            "event_id": PAGE_VIEW["event_id"].lower(),
            "event": "email_open",
            "user_id": "u",
            "ts": NOW - 9,
            "page": {"url": "https://loja.example/?a=1", "title": "Olá"},
            "properties": {"campaign": "spring", "campaign2": ""},
        }
    ]
    RAW.validate(record)


def test_a_bare_pixel_is_a_page_view_of_the_page_it_stands_on(bench: Bench) -> None:
    assert pixel(bench, f"key={KEY}", referer="https://loja.example/x")[0] == 200

    (record,) = bench.records()
    assert record["visitor_kind"] == "cookieless"
    assert record["events"][0]["event"] == "page_view"
    assert record["events"][0]["page"] == {"url": "https://loja.example/x"}


@pytest.mark.parametrize("name", ["", "%21", "%E8%B3%BC%E5%85%A5"])
def test_a_rejected_pixel_is_a_pixel_and_says_why_in_a_header(bench: Bench, name: str) -> None:
    status, body, headers = pixel(bench, f"key={KEY}&event={name}")

    assert (status, body, headers["x-rastro-reason"]) == (200, GIF, "invalid_event")
    assert len(bench.rows()) == 1


@pytest.mark.parametrize("ts", ["soon", "1" * 5000, "\u00b2", "-1"])
def test_an_unreadable_time_costs_a_pixel_only_its_time(bench: Bench, ts: str) -> None:
    assert "x-rastro-reason" not in pixel(bench, f"key={KEY}&ts={ts}")[2]

    (event,) = bench.records()[0]["events"]
    assert (event["ts"], event["repairs"]) == (None, ["ts:unreadable"])
    assert event["properties"]["original"]["ts"] == ts[:1024]


def test_a_refused_pixel_is_a_pixel_with_the_status_of_the_refusal(bench: Bench) -> None:
    status, body, headers = pixel(bench, "key=pk_wrong_key")

    assert (status, body, headers["x-rastro-reason"]) == (401, GIF, "unknown_key")


def test_a_query_with_too_many_fields_is_not_read(bench: Bench) -> None:
    assert pixel(bench, f"key={KEY}&" + "a=1&" * 300)[0] == 401


def test_names_of_a_query_that_was_escaped_for_html_are_read(bench: Bench) -> None:
    """Mail tools escape a query once more: &amp;event= is event."""
    assert pixel(bench, f"key={KEY}&amp;event=email_open&amp;amp;visitor_id=v7&amp;campaign=x")[0] == 200

    (record,) = bench.records()
    assert (record["visitor_id"], record["events"][0]["event"]) == ("v7", "email_open")
    assert record["events"][0]["properties"] == {"campaign": "x"}
