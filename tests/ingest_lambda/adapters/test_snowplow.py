"""Snowplow's payloads → our events: each row of the mapping table in docs/clients.md."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import pytest

from ingest_lambda.adapters.snowplow import NotSnowplow, app_id_of, payload_of, payloads_of
from ingest_lambda.adapters.translation import Translated

SNOWPLOW = "iglu:com.snowplowanalytics.snowplow"
SCHEMA = f"{SNOWPLOW}/payload_data/jsonschema/1-0-4"
EID = "1d6b96eb-34e9-4acd-ac31-54337b71aaae"


def one(anonymous: bool = False, **fields: Any) -> Translated:
    payload = {"e": "pv", "aid": "shop", "eid": EID, "duid": "d1", "dtm": "1000", "stm": "2000"} | fields
    (found,) = payloads_of({"schema": SCHEMA, "data": [payload]}, anonymous=anonymous)
    assert found.rejection is None
    return found


def packed(document: Any) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def described(schema: str, data: Any) -> dict[str, Any]:
    return {"schema": schema, "data": data}


def contexts(*entities: dict[str, Any]) -> str:
    return json.dumps(described(f"{SNOWPLOW}/contexts/jsonschema/1-0-0", list(entities)))


def entity(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return described(f"iglu:com.snowplowanalytics.snowplow.ecommerce/{name}/jsonschema/1-0-0", data)


def unstruct(schema: str, data: Any) -> dict[str, Any]:
    return described(f"{SNOWPLOW}/unstruct_event/jsonschema/1-0-0", described(schema, data))


def action(kind: str, *entities: dict[str, Any], **more: Any) -> dict[str, Any]:
    schema = "iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2"
    found = one(e="ue", ue_pr=json.dumps(unstruct(schema, {"type": kind} | more)), co=contexts(*entities))
    assert isinstance(found.event, dict)
    return found.event


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({}, "event", "page_view"),
        ({"e": "pp"}, "event", "page_ping"),
        ({"e": "se", "se_ac": "Add Gift"}, "event", "Add Gift"),
        ({"e": "se", "se_ac": "a", "se_ca": "c", "se_la": "l", "se_pr": "p", "se_va": "2.5"}, "properties",
         {"category": "c", "label": "l", "property": "p", "value": "2.5"}),
        ({}, "event_id", EID),
        ({}, "ts", 1000),
        ({"ttm": "500"}, "ts", 500),
        ({"dtm": "soon"}, "ts", "soon"),
        ({}, "visitor_id", "d1"),
        ({"duid": None, "tnuid": "t1"}, "visitor_id", "t1"),
        ({"duid": None, "uid": "u1"}, "visitor_id", "user:u1"),
        ({"duid": None}, "visitor_id", None),
        ({"uid": "u1"}, "user_id", "u1"),
        ({"url": "https://l/", "page": "T", "refr": "https://r/"}, "page",
         {"url": "https://l/", "title": "T", "referrer": "https://r/"}),
        ({"res": "800x600", "vp": "700x500"}, "screen",
         {"width": 800, "height": 600, "viewport_width": 700, "viewport_height": 500}),
        ({"lang": "pt-BR"}, "language", "pt-BR"),
        ({"sid": "s", "vid": "3", "tz": "UTC", "cd": "24", "tv": "js-4"}, "properties",
         {"sid": "s", "vid": "3", "tz": "UTC", "cd": "24", "tv": "js-4"}),
        ({"co": contexts(described(f"{SNOWPLOW}/web_page/jsonschema/1-0-0", {"id": "w"}))}, "properties",
         {"web_page_id": "w"}),
        ({"co": contexts(described(f"{SNOWPLOW}/client_session/jsonschema/1-0-2", {"sessionIndex": 1}))}, "properties",
         {"client_session": {"sessionIndex": 1}}),
        ({"co": contexts(described("iglu:com.acme/ctx/jsonschema/1-0-0", {"a": 1}))}, "properties",
         {"entities": [described("iglu:com.acme/ctx/jsonschema/1-0-0", {"a": 1})]}),
        ({"cx": "%%%"}, "properties", {"cx": "%%%"}),
        ({"co": "{"}, "properties", {"co": "{"}),
        ({"e": "ue", "ue_pr": json.dumps(unstruct("iglu:com.acme/gift_sent/jsonschema/1-0-0", {"to": "x"}))}, "event",
         "gift_sent"),
        ({"e": "ue", "ue_px": packed(unstruct("iglu:com.acme/gift_sent/jsonschema/1-0-0", {"to": "x"}))}, "properties",
         {"to": "x", "schema": "iglu:com.acme/gift_sent/jsonschema/1-0-0"}),
    ],
)  # fmt: skip
def test_a_field_has_its_place(fields: dict[str, Any], name: str, value: Any) -> None:
    assert one(**fields).event.get(name) == value


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("product_view", "view_item"),
        ("add_to_cart", "add_to_cart"),
        ("remove_from_cart", "remove_from_cart"),
        ("list_view", "view_item_list"),
        ("list_click", "select_item"),
        ("promo_view", "view_promotion"),
        ("promo_click", "select_promotion"),
        ("transaction", "purchase"),
        ("refund", "refund"),
        ("trns_error", "transaction_error"),
        ("something_new", "something_new"),
    ],
)
def test_an_action_has_its_name(kind: str, name: str) -> None:
    assert action(kind)["event"] == name


@pytest.mark.parametrize(("step", "name"), [(1, "begin_checkout"), (2, "checkout_step")])
def test_the_first_step_begins_the_checkout(step: Any, name: str) -> None:
    assert action("checkout_step", entity("checkout_step", {"step": step}))["event"] == name


def test_an_order_has_every_field() -> None:
    product = {"id": "p1", "name": "Camiseta", "category": "Roupas", "price": 10, "quantity": 2, "variant": "M",
               "brand": "B", "position": 3, "currency": "BRL", "size": "G"}  # fmt: skip
    order = {"transaction_id": "o1", "revenue": 20, "currency": "BRL", "tax": 2, "shipping": 3, "discount_code": "X",
             "payment_method": "pix"}  # fmt: skip
    event = action("transaction", entity("product", product), entity("transaction", order))

    assert event["ecommerce"] == {
        "transaction_id": "o1", "value": 20, "currency": "BRL", "tax": 2, "shipping": 3, "coupon": "X",
        "items": [{"item_id": "p1", "item_name": "Camiseta", "item_category": "Roupas", "price": 10, "quantity": 2,
                   "item_variant": "M", "item_brand": "B", "index": 3, "size": "G"}],
    }  # fmt: skip
    assert event["properties"] == {"transaction": {"payment_method": "pix"}}


def test_a_cart_has_its_value_and_an_order_its_own() -> None:
    cart, order = (
        entity("cart", {"total_value": 20, "currency": "BRL"}),
        entity("transaction", {"revenue": 18}),
    )

    assert action("add_to_cart", cart)["ecommerce"] == {"value": 20, "currency": "BRL"}
    for entities in ((cart, order), (order, cart)):
        assert action("transaction", *entities)["ecommerce"]["value"] == 18


def test_a_refund_has_its_amount() -> None:
    refund = entity(
        "refund", {"transaction_id": "o1", "refund_amount": 5, "currency": "BRL", "refund_reason": "small"}
    )

    event = action("refund", refund)

    assert event["ecommerce"] == {"transaction_id": "o1", "value": 5, "currency": "BRL"}
    assert event["properties"] == {"refund": {"refund_reason": "small"}}


def test_a_list_stands_at_each_item() -> None:
    event = action("list_view", entity("product", {"id": "p1"}), name="Promoções")

    assert event["ecommerce"]["items"] == [{"item_id": "p1", "item_list_name": "Promoções"}]


def test_a_promotion_is_an_item() -> None:
    event = action(
        "promo_view", entity("promotion", {"id": "p", "name": "Natal", "creative_id": "c", "slot": "topo"})
    )

    assert event["ecommerce"]["items"] == [
        {"promotion_id": "p", "promotion_name": "Natal", "creative_name": "c", "creative_slot": "topo"}
    ]


def test_the_old_way_of_an_order() -> None:
    order = one(e="tr", tr_id="o1", tr_tt="20", tr_cu="BRL", tr_sh="3", tr_tx="2", tr_ci="São Paulo").event
    line = one(
        e="ti", ti_id="o1", ti_sk="p1", ti_nm="Camiseta", ti_ca="Roupas", ti_pr="10", ti_qu="2", ti_cu="BRL"
    ).event

    assert order["event"] == "purchase"
    assert order["ecommerce"] == {
        "transaction_id": "o1",
        "value": "20",
        "currency": "BRL",
        "shipping": "3",
        "tax": "2",
    }
    assert order["properties"] == {"tr_ci": "São Paulo"}
    assert line["event"] == "transaction_item"
    assert line["ecommerce"] == {
        "transaction_id": "o1",
        "currency": "BRL",
        "items": [
            {
                "item_id": "p1",
                "item_name": "Camiseta",
                "item_category": "Roupas",
                "price": "10",
                "quantity": "2",
            }
        ],
    }


def test_the_time_of_sending_is_rounded_up_where_the_tracker_cuts_it() -> None:
    assert one(stm="2000").sent_at == 2000
    assert one(stm="2000", tv="py-1.1.0").sent_at == 2999
    assert one(stm="2000", ttm="500").sent_at is None  # a true time needs no correction


def test_address_and_agent_are_claims() -> None:
    found = one(
        ip="200.1.2.3",
        ua="UA",
        co=contexts(described("iglu:org.ietf/http_client_hints/jsonschema/1-0-0", {"isMobile": True})),
    )

    assert (found.claims.ip, found.claims.user_agent, found.claims.hints) == (
        "200.1.2.3",
        "UA",
        {"sec_ch_ua_mobile": "?1"},
    )
    assert "properties" not in found.event


def test_an_anonymous_request_names_nobody() -> None:
    event = one(anonymous=True, uid="u1").event

    assert "visitor_id" not in event
    assert "user_id" not in event


def test_a_get_is_one_payload() -> None:
    (found,) = payload_of(
        urlencode({"e": "pv", "aid": "shop", "url": "https://l/?a=1&b=2", "key": "k"}), anonymous=False
    )

    assert found.event["page"] == {"url": "https://l/?a=1&b=2"}
    assert "key" not in found.original


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"e": "xx"},
        {"e": ["pv"]},
        {"e": "se"},
        {"e": "ue"},
        {"e": "ue", "ue_px": "%%%"},
        {"e": "ue", "ue_pr": "{}"},
        5,
        None,
    ],
)
def test_a_bad_payload_costs_only_itself(bad: Any) -> None:
    found = payloads_of({"schema": SCHEMA, "data": [{"e": "pv"}, bad]}, anonymous=False)

    assert [each.rejection is None for each in found] == [True, False]
    assert found[1].original == bad


@pytest.mark.parametrize(
    "document",
    [None, [], 5, {}, {"data": []}, {"schema": SCHEMA}, {"schema": "iglu:x/y/jsonschema/1-0-0", "data": []}],
)
def test_another_document_is_none_of_snowplow(document: Any) -> None:
    with pytest.raises(NotSnowplow):
        payloads_of(document, anonymous=False)
    assert app_id_of(document) is None
