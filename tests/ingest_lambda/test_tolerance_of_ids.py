"""Ids that are none, or everybody's, or not of our form."""

# ruff: noqa: E501 - one line per case

import uuid
from typing import Any

import pytest

from tests.ingest_lambda.doubles import KEY, PAGE_VIEW, Bench, gateway
from tests.ingest_lambda.tolerance import MAX, NIL, stored


@pytest.mark.parametrize(
    "given",
    ["undefined", "[object Object]", "null", "NULL", "None", "NaN", "(not set)", "nil", "", "  ", "0", "-1", "anonymous", NIL, MAX, False, [], {}, "Undefined"],
)  # fmt: skip
def test_what_many_share_is_nobodys_visitor_id(bench: Bench, given: Any) -> None:
    found = stored(bench, PAGE_VIEW | {"visitor_id": given})

    assert found["visitor_kind"] == "cookieless"
    assert found["repairs"][0].startswith("visitor_id:")
    assert "original" not in found.get("properties", {})  # consent may take an identity away: no copy of it


@pytest.mark.parametrize("given", ["", "undefined", "null", NIL, MAX, {}, [], False])
def test_an_event_id_that_is_none_gets_a_new_one(bench: Bench, given: Any) -> None:
    bench.post(gateway([PAGE_VIEW | {"event_id": given}] * 2))

    first, second = bench.records()[0]["events"]
    assert first["event_id"] != second["event_id"]
    assert uuid.UUID(first["event_id"]).version == 8
    assert first["repairs"] == ["event_id:absent"]


def test_a_derived_event_id_is_the_same_on_repeat_and_another_in_another_site() -> None:
    ids = []
    for key in (KEY, KEY, "pk_test_loja_0002", "pk_test_strict_01"):
        bench = Bench()
        event = {"event": "page_view", "event_id": "node-next-1795600859999-x", "visitor_id": "v"}
        bench.post(gateway(event, key=key, request_id=key))
        ids += [one["event_id"] for record in bench.records() for one in record["events"]]

    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert uuid.UUID(ids[0]).version == 8
    assert uuid.UUID(ids[0]).variant == uuid.RFC_4122


def test_two_long_visitor_ids_stay_two_people(bench: Bench) -> None:
    bench.post(gateway([PAGE_VIEW | {"event_id": None, "visitor_id": "x" * 200 + end} for end in "ab"]))

    assert len({record["visitor_id"] for record in bench.records()}) == 2


def test_an_id_that_is_nobodys_is_no_reason_to_refuse_where_ids_are_needed() -> None:
    """The site takes no cookieless visitors: the event is then linked to no other."""
    bench = Bench()
    events = [PAGE_VIEW | {"event_id": None, "visitor_id": "undefined"} for _ in range(2)]
    assert bench.post(gateway(events, key="pk_test_strict_01"))[1]["accepted"] == 2

    assert len({record["visitor_id"] for record in bench.records()}) == 2


def test_half_a_surrogate_pair_is_said(bench: Bench) -> None:
    body = bench.post(
        gateway(r'[{"event":"a","visitor_id":"v","t":"\ud83d"},{"event":"b","visitor_id":"\ud800"}]')
    )[1]

    assert body["repaired"] == [
        {"index": 0, "field": "event", "what": "damaged_text"},
        {"index": 1, "field": "visitor_id", "what": "unreadable"},
    ]
    assert [record["visitor_kind"] for record in bench.records()] == ["cookie", "cookieless"]
