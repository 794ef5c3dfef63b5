"""The rule of tolerance as one table: what a client sends, what is stored, and what is said about it.

An unambiguous value is converted; a value that cannot be understood costs only its own field; only an event without a
usable name is rejected.
"""
# ruff: noqa: E501 - one line per case

import json
import uuid
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.events.normalise import event as module
from ingest_lambda.events.normalise.canonical import EVENT, is_canonical
from ingest_lambda.events.normalise.ids import derived_uuid
from ingest_lambda.events.normalise.repairs import Repairs
from schemas import json_file
from tests.ingest_lambda.doubles import KEY, NOW, PAGE_VIEW, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"), validate_formats=True)
RAW_EVENT = jsonschema_rs.validator_for(
    {"$defs": json_file("raw.schema.json")["$defs"], "$ref": "#/$defs/event"}
)
CONTRACT = jsonschema_rs.validator_for(EVENT, validate_formats=True)
AT = 1_795_295_998_000  # 2026-11-21T21:19:58Z
ID = PAGE_VIEW["event_id"].lower()
NIL, MAX = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


def stored(bench: Bench, event: Any) -> dict[str, Any]:
    """Post one event and return it as the stream has it, with its visitor."""
    status, body, _ = bench.post(gateway([event]))
    assert (status, body["accepted"], body["rejected"]) == (202, 1, [])
    (record,) = bench.records()
    RAW.validate(record)
    (found,) = record["events"]
    said = [f"{one['field']}:{one['what']}" for one in body.get("repaired", [])]
    assert said == found.get("repairs", [])
    assert all(one["index"] == 0 for one in body.get("repaired", []))
    return found | {"visitor_id": record["visitor_id"], "visitor_kind": record["visitor_kind"]}


def at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def put(path: str, value: Any) -> Any:
    for step in reversed(path.split(".")):
        value = [value] if step == "0" else {step: value}
    return value


TABLE: list[tuple[str, Any, Any, str | None]] = [
    # field, value as sent, value as stored, repair
    # numbers
    ("ecommerce.value", "19.90", 19.9, "to_number"),
    ("ecommerce.value", " 19.90 ", 19.9, "to_number"),
    ("ecommerce.value", "+5", 5, "to_number"),
    ("ecommerce.value", "-5.5", -5.5, "to_number"),
    ("ecommerce.value", ".5", 0.5, "to_number"),
    ("ecommerce.value", "1e3", 1000.0, "to_number"),
    ("ecommerce.value", "49.9000", 49.9, "to_number"),
    ("ecommerce.value", ["19.90"], 19.9, "to_number"),
    ("ecommerce.value", [19.9], 19.9, "to_number"),
    ("ecommerce.value", "4,245.42", None, "unreadable"),
    ("ecommerce.value", "4.245,42", None, "unreadable"),
    ("ecommerce.value", "R$ 19,90", None, "unreadable"),
    ("ecommerce.value", "19,90", None, "unreadable"),
    ("ecommerce.value", "1.234", None, "unreadable"),
    ("ecommerce.value", "$19.90", None, "unreadable"),
    ("ecommerce.value", True, None, "unreadable"),
    ("ecommerce.value", {"amount": 5}, None, "unreadable"),
    ("ecommerce.value", [1, 2], None, "unreadable"),
    ("ecommerce.value", "", None, "absent"),
    ("ecommerce.value", "null", None, "absent"),
    ("ecommerce.value", "NaN", None, "absent"),
    ("ecommerce.value", [], None, "absent"),
    ("ecommerce.value", False, None, "absent"),
    ("ecommerce.value", 1e300, None, "out_of_range"),
    ("ecommerce.value", "1e300", None, "out_of_range"),
    ("ecommerce.tax", "0.125", 0.125, "to_number"),
    ("ecommerce.shipping", "0", 0, "to_number"),
    ("ecommerce.items.0.price", "9.90", 9.9, "to_number"),
    ("ecommerce.items.0.price", "9,90", None, "unreadable"),
    ("ecommerce.items.0.quantity", "2", 2, "to_number"),
    ("ecommerce.items.0.quantity", "1.234", 1.234, "to_number"),
    ("ecommerce.items.0.quantity", "two", None, "unreadable"),
    ("ecommerce.items.0.index", "3", 3, "to_number"),
    ("ecommerce.items.0.discount", "", None, "absent"),
    # pixels
    ("screen.viewport_height", -56, None, "out_of_range"),
    ("screen.viewport_width", 1263.2, 1263, "rounded"),
    ("screen.width", 1920.0, 1920.0, None),
    ("screen.width", "1920", 1920, "to_number"),
    ("screen.width", "1920px", 1920, "to_number"),
    ("screen.width", 1_000_000, None, "out_of_range"),
    ("screen.width", "wide", None, "unreadable"),
    ("screen.width", True, None, "unreadable"),
    ("screen", "1920x1080", {"width": 1920, "height": 1080}, "to_object"),
    ("screen", [], None, "absent"),
    # texts
    ("ecommerce.transaction_id", 10023, "10023", None),
    ("ecommerce.transaction_id", 10023.0, "10023", "to_text"),
    ("ecommerce.transaction_id", ["A1"], "A1", "to_text"),
    ("ecommerce.transaction_id", "undefined", None, "absent"),
    ("ecommerce.transaction_id", "(not set)", None, "absent"),
    ("ecommerce.transaction_id", NIL, None, "absent"),
    ("ecommerce.transaction_id", 0, None, "absent"),
    ("ecommerce.transaction_id", {"id": 1}, None, "unreadable"),
    ("ecommerce.transaction_id", "", "", None),
    ("ecommerce.items.0.item_id", 1001, "1001", None),
    ("ecommerce.items.0.item_id", 1001.0, "1001", "to_text"),
    ("ecommerce.items.0.item_id", 1e3, "1000", "to_text"),
    ("ecommerce.items.0.item_id", 1.5, "1.5", "to_text"),
    ("ecommerce.items.0.item_id", "undefined", None, "absent"),
    ("ecommerce.items.0.item_name", "x" * 1_025, "x" * 1_024, "cut"),
    ("ecommerce.items.0.item_name", 501, "501", "to_text"),
    ("ecommerce.items.0.item_brand", False, None, "absent"),
    ("ecommerce.items.0.item_category", ["Roupas"], "Roupas", "to_text"),
    ("ecommerce.currency", 986, "986", "to_text"),
    ("ecommerce.coupon", [], None, "absent"),
    ("page.url", "https://a.example/" + "x" * 8_192, ("https://a.example/" + "x" * 8_192)[:8_192], "cut"),
    ("page.referrer", "https://a.example/" + "x" * 8_192, ("https://a.example/" + "x" * 8_192)[:8_192], "cut"),
    ("page.title", "t" * 2_049, "t" * 2_048, "cut"),
    ("page.title", 404, "404", "to_text"),
    ("page.title", "é" * 2_048, "é" * 2_048, None),
    ("page.url", 5, "5", "to_text"),
    ("page.url", True, None, "unreadable"),
    ("page.referrer", False, None, "absent"),
    ("page.referrer", "", "", None),
    ("page", "https://loja.example/p", {"url": "https://loja.example/p"}, "to_object"),
    ("page", '{"url": "/p"}', {"url": "/p"}, "to_object"),
    ("page", [], None, "absent"),
    ("page", "", None, "absent"),
    ("page", False, None, "absent"),
    ("page", 5, None, "unreadable"),
    ("search_term", 2026, "2026", "to_text"),
    ("search_term", "x" * 60_000, "x" * 2_048, "cut"),
    ("search_term", {"q": 1}, None, "unreadable"),
    ("language", ["pt-BR", "en"], "pt-BR", "to_text"),
    ("language", "x" * 65, "x" * 64, "cut"),
    # consent
    ("consent.analytics", "granted", True, "to_boolean"),
    ("consent.ads", "denied", False, "to_boolean"),
    ("consent.ads", "yes", True, "to_boolean"),
    ("consent.ads", "1", True, "to_boolean"),
    ("consent.ads", 0, False, "to_boolean"),
    ("consent.ads", "Granted ", True, "to_boolean"),
    ("consent.ads", "maybe", False, "unreadable"),
    ("consent.ads", {}, None, "absent"),
    ("consent.ads", "", None, "absent"),
    ("consent", "denied", {"analytics": False, "ads": False}, "to_object"),
    ("consent", [], None, "absent"),
    # times
    ("ts", AT // 1000, AT, "seconds"),
    ("ts", AT / 1000 + 0.25, AT + 250, "seconds"),
    ("ts", AT * 1000, AT, "microseconds"),
    ("ts", AT * 1_000_000, AT, "nanoseconds"),
    ("ts", str(AT), AT, "to_number"),
    ("ts", str(AT // 1000), AT, "seconds"),
    ("ts", "1795295998.123", AT + 123, "seconds"),
    ("ts", str(AT * 1000), AT, "microseconds"),
    ("ts", f"/Date({AT})/", AT, "to_number"),
    ("ts", "2026-11-21T18:19:58-0300", AT, "reformatted"),
    ("ts", "2026-11-21T18:19:58-03", AT, "reformatted"),
    ("ts", "2026-11-21 21:19:58Z", AT, "reformatted"),
    ("ts", "2026-11-21 21:19:58 UTC", AT, "reformatted"),
    ("ts", "2026-11-21 18:19:58 -0300", AT, "reformatted"),
    ("ts", "2026-11-21 21:19:58+00", AT, "reformatted"),
    ("ts", "2026-11-21T18:19:58-03:00[America/Sao_Paulo]", AT, "reformatted"),
    ("ts", "20261121T211958Z", AT, "reformatted"),
    ("ts", "Sat, 21 Nov 2026 21:19:58 GMT", AT, "reformatted"),
    ("ts", "Sat, 21 Nov 2026 18:19:58 -0300", AT, "reformatted"),
    ("ts", "Sat Nov 21 2026 18:19:58 GMT-0300 (Horário Padrão de Brasília)", AT, "reformatted"),
    ("ts", "2026-11-21T21:19:58Z", AT, None),
    ("ts", "2026-11-21T21:19:58", None, "no_zone"),
    ("ts", "2026-11-21 21:19:58", None, "no_zone"),
    ("ts", "2026-11-21", None, "no_zone"),
    ("ts", "21/11/2026 21:19", None, "unreadable"),
    ("ts", "yesterday", None, "unreadable"),
    ("ts", True, None, "unreadable"),
    ("ts", {}, None, "absent"),
    ("ts", "", None, "absent"),
    ("ts", -1, None, "out_of_range"),
    ("ts", "1969-12-31T23:59:59Z", None, "out_of_range"),
    ("ts", "0000-01-01T00:00:00Z", None, "unreadable"),
    ("ts", 0, 0, None),
    # ids
    ("event_id", ID.upper(), ID, None),
    ("event_id", f" {ID} ", ID, None),
    ("event_id", "ajs-next-0123456789abcdef0123456789abcdef", derived_uuid("loja", "ajs-next-0123456789abcdef0123456789abcdef"), "derived"),
    ("event_id", "01ARZ3NDEKTSV4RRFFQ69G5FAV", derived_uuid("loja", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "derived"),
    ("event_id", "0123456789abcdef0123456789abcdef", derived_uuid("loja", "0123456789abcdef0123456789abcdef"), "derived"),
    ("event_id", 12345, derived_uuid("loja", "12345"), "derived"),
    ("visitor_id", "Qm9sYV9kZV9mdXQvZ29s/rY=.1679765875", "Qm9sYV9kZV9mdXQvZ29s/rY=.1679765875", None),
    ("visitor_id", "../other/site", "../other/site", None),
    ("visitor_id", 12345, "12345", "to_text"),
    ("visitor_id", 12345.0, "12345", "to_text"),
    ("visitor_id", "x" * 129, derived_uuid("visitor_id", "x" * 129), "derived"),
    ("visitor_id", "a\nb", derived_uuid("visitor_id", "a\nb"), "derived"),
    ("user_id", 42, "42", "to_text"),
    ("user_id", 0, None, "absent"),
    ("user_id", "undefined", None, "absent"),
    ("user_id", False, None, "unreadable"),
    ("user_id", "u" * 257, derived_uuid("user_id", "u" * 257), "derived"),
    # names
    ("event", "Purchase", "purchase", "renamed"),
    ("event", "promo-banner_click", "promo_banner_click", "renamed"),
    ("event", "Order Completed", "order_completed", "renamed"),
    ("event", "addToCart", "add_to_cart", "renamed"),
    ("event", "PageView", "page_view", "renamed"),
    ("event", "ADD_TO_CART", "add_to_cart", "renamed"),
    ("event", " page_view ", "page_view", "renamed"),
    ("event", "Compra Concluída", "compra_concluida", "renamed"),
    ("event", "shop.order/paid", "shop_order_paid", "renamed"),
    ("event", "3d_view", "e_3d_view", "renamed"),
    ("event", "_internal", "internal", "renamed"),
    ("event", "x" * 41, "x" * 40, "renamed"),
    # lists and objects
    ("ecommerce.items", {"0": {"item_id": "A"}, "2": {"item_id": "C"}}, [{"item_id": "A"}, {"item_id": "C"}], "to_list"),
    ("ecommerce.items", {"10": {"item_id": "K"}, "9": {"item_id": "J"}}, [{"item_id": "J"}, {"item_id": "K"}], "to_list"),
    ("ecommerce.items", {"item_id": "A"}, [{"item_id": "A"}], "to_list"),
    ("ecommerce.items", '[{"item_id": "A"}]', [{"item_id": "A"}], "to_list"),
    ("ecommerce.items", {}, None, "absent"),
    ("ecommerce.items", "", None, "absent"),
    ("ecommerce.items", "A,B", None, "unreadable"),
    ("ecommerce", [], None, "absent"),
    ("ecommerce", '{"value": 5}', {"value": 5}, "to_object"),
    ("ecommerce", "no", None, "unreadable"),
    ("properties", [], None, "absent"),
    ("properties", '{"a": 1}', {"a": 1}, "to_object"),
    ("properties", [1, 2], {"properties": [1, 2]}, "to_object"),
    ("properties", "free text", {"properties": "free text"}, "to_object"),
    ("properties.n", 2**63, str(2**63), "to_text"),
    ("properties.n", -(2**63), -(2**63), None),
    ("properties.n", 2**63 - 1, 2**63 - 1, None),
    ("properties.n", 36893488147419103232, "36893488147419103232", "to_text"),
    ("properties.n", [[10**30]], [["1" + "0" * 30]], "to_text"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "expected", "what"), TABLE, ids=range(len(TABLE)))
def test_the_table(bench: Bench, field: str, value: Any, expected: Any, what: str | None) -> None:
    found = stored(bench, PAGE_VIEW | put(field, value))

    got = at(found, field)
    assert got == expected
    assert type(got) is type(expected) or isinstance(expected, float)
    subject = "properties" if field.startswith("properties") else field.replace(".0.", "[].")
    assert (what is None and "repairs" not in found) or f"{subject}:{what}" in found["repairs"]
    if what in {"unreadable", "out_of_range", "no_zone"} and field not in {"user_id", "visitor_id"}:
        original = found["properties"]["original"][field]
        assert original == (str(value) if value == 1e300 else value)
    if field in {"event", "event_id"} and what:
        assert found["properties"]["original"] == {field: str(value)}


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


# --- e-commerce -----------------------------------------------------------------------------------------------------


def test_gtags_flat_purchase_is_folded_in(bench: Bench) -> None:
    event = {"event": "purchase", "visitor_id": "v", "value": 49.9, "currency": "BRL", "transaction_id": "T1", "tax": "1.5", "affiliation": "web", "items": [{"item_id": "A", "price": 49.9}]}  # fmt: skip
    found = stored(bench, event)

    assert found["ecommerce"] == {"value": 49.9, "currency": "BRL", "transaction_id": "T1", "tax": 1.5, "items": [{"item_id": "A", "price": 49.9}]}  # fmt: skip
    assert found["properties"] == {"affiliation": "web"}
    assert found["repairs"] == ["ecommerce:folded", "ecommerce.tax:to_number"]


def test_folding_overwrites_nothing(bench: Bench) -> None:
    found = stored(
        bench,
        {"event": "purchase", "visitor_id": "v", "value": 1, "currency": "USD", "ecommerce": {"value": 2}},
    )

    assert found["ecommerce"] == {"value": 2, "currency": "USD"}
    assert found["properties"] == {"value": 1}


def test_the_value_of_an_event_of_another_kind_is_a_property(bench: Bench) -> None:
    found = stored(bench, {"event": "scroll", "visitor_id": "v", "value": 90, "items": 3})

    assert "ecommerce" not in found
    assert found["properties"] == {"value": 90, "items": 3}


def test_a_flat_purchase_on_the_pixel_is_folded_in(bench: Bench) -> None:
    items = "%5B%7B%22item_id%22%3A%22A%22%2C%22price%22%3A%2249.90%22%7D%5D"
    query = f"key={KEY}&event=purchase&visitor_id=v&value=49.90&currency=BRL&transaction_id=77&items={items}&campaign=x"
    assert bench.post(gateway("", method="GET", path="/v1/p.gif", query=query))[0] == 200

    (event,) = bench.records()[0]["events"]
    assert event["ecommerce"] == {"value": 49.9, "currency": "BRL", "transaction_id": "77", "items": [{"item_id": "A", "price": 49.9}]}  # fmt: skip
    assert event["properties"] == {"campaign": "x"}


def test_unknown_fields_of_objects_and_items_are_kept(bench: Bench) -> None:
    event = PAGE_VIEW | {
        "page": {"url": "/p", "path": "/p"},
        "screen": {"width": 1, "density": 2},
        "consent": {"ads": True, "region": "BR"},
        "ecommerce": {"affiliation": "web", "items": [{"item_id": "A"}, {"item_id": "B", "colour": "azul"}]},
        "properties": {"affiliation": "mine"},
    }
    found = stored(bench, event)

    assert (found["page"], found["screen"], found["consent"]) == ({"url": "/p"}, {"width": 1}, {"ads": True})
    assert found["ecommerce"] == {"items": [{"item_id": "A"}, {"item_id": "B"}]}
    assert found["properties"] == {"affiliation": "mine", "affiliation_": "web", "path": "/p", "density": 2, "region": "BR", "item_properties": [{}, {"colour": "azul"}]}  # fmt: skip
    assert "repairs" not in found


def test_items_beyond_the_limit_are_kept_as_a_property(bench: Bench) -> None:
    found = stored(bench, PAGE_VIEW | {"ecommerce": {"items": [{"item_id": str(n)} for n in range(203)]}})

    assert len(found["ecommerce"]["items"]) == 200
    assert [item["item_id"] for item in found["properties"]["more_items"]] == ["200", "201", "202"]
    assert found["repairs"] == ["ecommerce.items:cut"]


def test_googles_consent_types_are_read(bench: Bench) -> None:
    given = {"analytics_storage": "granted", "ad_storage": "granted", "ad_user_data": "denied"}
    found = stored(bench, PAGE_VIEW | {"consent": given})

    assert found["consent"] == {"analytics": True, "ads": False}
    assert found["properties"] == given


@pytest.mark.parametrize("value", ["12.500", "1.234"])
def test_three_decimals_are_plain_where_the_currency_has_them(bench: Bench, value: str) -> None:
    found = stored(bench, PAGE_VIEW | {"ecommerce": {"currency": "KWD", "value": value}})

    assert found["ecommerce"]["value"] == float(value)


# --- the answer -----------------------------------------------------------------------------------------------------


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


def test_half_a_surrogate_pair_is_said(bench: Bench) -> None:
    body = bench.post(
        gateway(r'[{"event":"a","visitor_id":"v","t":"\ud83d"},{"event":"b","visitor_id":"\ud800"}]')
    )[1]

    assert body["repaired"] == [
        {"index": 0, "field": "event", "what": "damaged_text"},
        {"index": 1, "field": "visitor_id", "what": "unreadable"},
    ]
    assert [record["visitor_kind"] for record in bench.records()] == ["cookie", "cookieless"]


# --- for any input --------------------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**66), 2**66) | st.floats() | st.text(max_size=20)
    | st.sampled_from(["granted", "19.90", "1.234", "null", "2026-11-21T21:19:58Z", '{"a":1}', "[1]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from([*EVENT["$defs"]["item"]["properties"], "0", "1", "items", "url", "width"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
fields = st.sampled_from([*EVENT["properties"], "value", "currency", "items", "other"])


@settings(deadline=None, max_examples=300)
@given(event=st.dictionaries(fields, values, max_size=8))
def test_whatever_comes_with_a_name_is_taken_and_as_the_contract_says(event: dict[str, Any]) -> None:
    found = module.normalise(event | {"event": "x"}, "loja", lambda: ID)

    RAW_EVENT.validate(found.event | {"repairs": [str(repair) for repair in found.repairs]})
    CONTRACT.validate(found.event)
    assert found.visitor_id is None or 1 <= len(found.visitor_id) <= 128


@settings(deadline=None, max_examples=300)
@given(event=st.dictionaries(fields, values, max_size=8))
def test_what_has_been_converted_is_not_converted_again(event: dict[str, Any]) -> None:
    once = module.normalise(event | {"event": "x"}, "loja", lambda: ID)
    again = module.normalise(once.event | {"visitor_id": once.visitor_id}, "loja", lambda: ID)

    assert [one for one in again.repairs if one.field != "properties"] == []


@settings(deadline=None, max_examples=300)
@given(event=st.dictionaries(fields, values, max_size=5))
def test_the_short_way_of_a_canonical_event_says_what_the_long_one_says(event: dict[str, Any]) -> None:
    """An event that meets the contract is copied, not converted: both ways must have one result."""
    event |= {"event": "x"}
    if is_canonical(event):
        fast: dict[str, Any] = {"event": "x"}
        slow: dict[str, Any] = {"event": "x"}
        repairs = Repairs()
        assert module._copy_known(event, fast, repairs) == module._convert_known(event, slow, repairs)
        assert fast == slow
        assert not repairs.noted
