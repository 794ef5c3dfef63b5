"""Segment's messages → our events: each row of the mapping table in docs/clients.md."""

from typing import Any

import pytest

from ingest_lambda.adapters.segment import messages_of, write_key_of


def message(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Anything", "anonymousId": "a1", "messageId": "m1"} | fields


def event_of(given: dict[str, Any]) -> dict[str, Any]:
    (one,) = messages_of(given, None)
    assert one.rejection is None
    assert isinstance(one.event, dict)
    return one.event


def track(name: str, /, **properties: Any) -> dict[str, Any]:
    return event_of(message(event=name, properties=properties))


FIELDS: list[tuple[dict[str, Any], str, Any]] = [
    ({"messageId": "ajs-next-1-x"}, "event_id", "ajs-next-1-x"),
    ({"anonymousId": "a1", "userId": "u1"}, "visitor_id", "a1"),
    ({"anonymousId": None, "userId": "u1"}, "visitor_id", "user:u1"),
    ({"anonymousId": "", "userId": 7}, "visitor_id", "user:7"),
    ({"anonymousId": None, "userId": None}, "visitor_id", None),
    ({"anonymousId": None, "userId": "undefined"}, "visitor_id", None),
    ({"userId": "u1"}, "user_id", "u1"),
    ({"timestamp": "2026-11-25T10:00:00Z"}, "ts", "2026-11-25T10:00:00Z"),
    ({"timestamp": "later", "originalTimestamp": "2026-11-25T10:00:00Z"}, "ts", "2026-11-25T10:00:00Z"),
    ({"context": {"page": {"url": "https://l/"}}}, "page", {"url": "https://l/"}),
    (
        {
            "type": "page",
            "properties": {"url": "https://l/a", "title": "A"},
            "context": {"page": {"url": "https://l/b", "referrer": "https://r/"}},
        },
        "page",
        {"url": "https://l/a", "title": "A", "referrer": "https://r/"},
    ),
    ({"properties": {"url": "https://l/p/1"}}, "page", None),  # a product's URL
    (
        {
            "context": {
                "screen": {"width": 800, "height": 600, "innerWidth": 700, "innerHeight": 500, "density": 2}
            }
        },
        "screen",
        {"width": 800, "height": 600, "viewport_width": 700, "viewport_height": 500},
    ),
    ({"context": {"locale": "pt-BR"}}, "language", "pt-BR"),
    (
        {
            "context": {
                "consent": {"categoryPreferences": {"Advertising": False, "Analytics": True, "Other": True}}
            }
        },
        "consent",
        {"ads": False, "analytics": True},
    ),
    (
        {"context": {"consent": {"categoryPreferences": {"C0002": True, "C0004": True}}}},
        "consent",
        {"ads": True, "analytics": True},
    ),
]


@pytest.mark.parametrize(("fields", "name", "value"), FIELDS)
def test_a_field_has_its_place(fields: dict[str, Any], name: str, value: Any) -> None:
    assert event_of(message(**fields)).get(name) == value


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("page", "page_view"),
        ("screen", "screen_view"),
        ("identify", "identify"),
        ("group", "group"),
        ("alias", "alias"),
    ],
)
def test_a_type_is_an_event(kind: str, name: str) -> None:
    assert event_of(message(type=kind, event=None))["event"] == name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Products Searched", "search"),
        ("Product List Viewed", "view_item_list"),
        ("Product Clicked", "select_item"),
        ("Product Viewed", "view_item"),
        ("Product Added", "add_to_cart"),
        ("product_added", "add_to_cart"),
        ("Product Removed", "remove_from_cart"),
        ("Cart Viewed", "view_cart"),
        ("Checkout Started", "begin_checkout"),
        ("Checkout Step Completed", "add_shipping_info"),
        ("Payment Info Entered", "add_payment_info"),
        ("Order Completed", "purchase"),
        ("Completed Order", "purchase"),
        ("Order Refunded", "refund"),
        ("Promotion Viewed", "view_promotion"),
        ("Promotion Clicked", "select_promotion"),
        ("Product Added to Wishlist", "add_to_wishlist"),
    ],
)
def test_a_commerce_event_has_its_name(theirs: str, ours: str) -> None:
    event = track(theirs)

    assert event["event"] == ours
    assert event["properties"]["original_event"] == theirs


def test_another_name_goes_on_as_it_came() -> None:
    assert track("Signed Up")["event"] == "Signed Up"


def test_a_search_has_its_term() -> None:
    event = track("Products Searched", query="tênis")

    assert event["search_term"] == "tênis"
    assert "query" not in event["properties"]


@pytest.mark.parametrize(
    ("amounts", "value"),
    [
        ({"revenue": 1, "value": 2, "subtotal": 3, "total": 4}, 1),
        ({"value": 2, "subtotal": 3, "total": 4}, 2),
        ({"subtotal": 3, "total": 4}, 3),
        ({"total": 27.5, "shipping": 3, "tax": 2}, 22.5),
        ({"total": "27.50", "shipping": "3.10"}, 24.4),
        ({"total": 27.5}, 27.5),
        ({"total": "27,50"}, "27,50"),  # what it means is said once for all protocols
        ({"total": "27,50", "tax": 2}, None),
        ({"revenue": "", "total": 4}, 4),
        ({}, None),
    ],
)
def test_the_value_is_the_first_amount_that_exists(amounts: dict[str, Any], value: Any) -> None:
    assert track("Order Completed", order_id="o1", **amounts)["ecommerce"].get("value") == value


def test_an_order_has_every_field() -> None:
    product = {
        "product_id": "p1",
        "sku": "s1",
        "name": "Camiseta",
        "brand": "B",
        "category": "Roupas",
        "variant": "M",
        "price": 10,
        "quantity": 2,
        "coupon": "C",
        "position": 3,
        "image_url": "https://l/1.png",
    }
    event = track(
        "Order Completed",
        order_id="o1",
        currency="BRL",
        coupon="X",
        shipping=3,
        tax=2,
        revenue=20,
        affiliation="Loja",
        products=[product, {"sku": "s2"}],
    )

    first, second = event["ecommerce"].pop("items")
    assert event["ecommerce"] == {
        "transaction_id": "o1",
        "currency": "BRL",
        "coupon": "X",
        "shipping": 3,
        "tax": 2,
        "value": 20,
    }
    assert first == {
        "item_id": "p1",
        "sku": "s1",
        "item_name": "Camiseta",
        "item_brand": "B",
        "item_category": "Roupas",
        "item_variant": "M",
        "price": 10,
        "quantity": 2,
        "coupon": "C",
        "index": 3,
        "image_url": "https://l/1.png",
    }
    assert second == {"item_id": "s2"}
    assert event["properties"] == {"affiliation": "Loja", "original_event": "Order Completed"}


def test_an_event_of_one_product_is_that_product() -> None:
    event = track(
        "Product Added", product_id="p1", name="Camiseta", price=10, quantity=2, currency="BRL", cart_id="c"
    )

    assert event["ecommerce"] == {
        "currency": "BRL",
        "items": [{"item_id": "p1", "item_name": "Camiseta", "price": 10, "quantity": 2}],
    }
    assert event["properties"] == {"cart_id": "c", "original_event": "Product Added"}


def test_a_promotion_is_an_item() -> None:
    event = track("Promotion Viewed", promotion_id="p", name="Natal", creative="banner", position="topo")

    assert event["ecommerce"]["items"] == [
        {"promotion_id": "p", "promotion_name": "Natal", "creative_name": "banner", "creative_slot": "topo"}
    ]


def test_the_list_stands_at_each_item() -> None:
    event = track("Product List Viewed", list_id="l1", products=[{"product_id": "p1"}, "no product"])

    assert event["ecommerce"]["items"] == [{"item_list_id": "l1", "item_id": "p1"}, "no product"]


def test_names_that_mean_something_else_in_a_custom_event_stay_in_properties() -> None:
    event = track("Option Chosen", value="blue", shipping={"kind": "express"}, total=3)

    assert "ecommerce" not in event
    assert event["properties"] == {"value": "blue", "shipping": {"kind": "express"}, "total": 3}


def test_amounts_of_a_custom_event_are_amounts() -> None:
    assert track("Gift Bought", value=5, currency="BRL")["ecommerce"] == {"value": 5, "currency": "BRL"}


def test_everything_else_is_kept_in_properties() -> None:
    given = message(
        type="identify",
        traits={"plan": "gold"},
        integrations={"All": True},
        channel="web",
        context={"library": {"name": "x"}, "timezone": "UTC", "page": {"url": "https://l/", "search": "?a"}},
    )

    assert event_of(given)["properties"] == {
        "traits": {"plan": "gold"},
        "integrations": {"All": True},
        "channel": "web",
        "context": {"library": {"name": "x"}, "timezone": "UTC", "page": {"search": "?a"}},
    }


def test_a_name_in_properties_is_not_overwritten() -> None:
    given = message(properties={"channel": "mine"}, channel="server")

    assert event_of(given)["properties"] == {"channel": "mine", "channel_": "server"}


@pytest.mark.parametrize(("kind", "fields"), [("group", {"groupId": "g"}), ("alias", {"previousId": "old"})])
def test_ids_of_group_and_alias_are_kept(kind: str, fields: dict[str, Any]) -> None:
    properties = event_of(message(type=kind, **fields))["properties"]

    assert properties in ({"group_id": "g"}, {"previous_id": "old"})


def test_an_address_is_a_claim_and_no_property() -> None:
    data = {
        "brands": [{"brand": "Chromium", "version": "156"}],
        "mobile": True,
        "platform": "Android",
        "model": "Pixel",
    }
    (one,) = messages_of(message(context={"ip": "200.1.2.3", "userAgent": "UA", "userAgentData": data}), None)

    assert one.claims.ip == "200.1.2.3"
    assert one.claims.user_agent == "UA"
    assert one.claims.hints == {
        "sec_ch_ua": '"Chromium";v="156"',
        "sec_ch_ua_mobile": "?1",
        "sec_ch_ua_platform": '"Android"',
        "sec_ch_ua_model": '"Pixel"',
    }
    assert "properties" not in one.event


def test_their_session_is_kept() -> None:
    assert event_of(message(context={"sessionId": 17}))["properties"]["session_id"] == 17


def test_a_batch_shares_its_context_and_time() -> None:
    body = {
        "batch": [message(), message(sentAt="mine", context={"locale": "en"})],
        "context": {"locale": "pt", "app": {"name": "a"}},
        "sentAt": "shared",
    }

    first, second = messages_of(body, None)

    assert (first.event["language"], first.sent_at) == ("pt", "shared")
    assert (second.event["language"], second.sent_at) == ("en", "mine")
    assert second.event["properties"]["context"] == {"app": {"name": "a"}}
    assert second.original == body["batch"][1]


def test_the_path_names_the_type_where_the_message_does_not() -> None:
    (one,) = messages_of({"event": "x", "anonymousId": "a"}, "track")

    assert one.event["event"] == "x"


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "track"},
        {"type": "track", "event": ""},
        {"type": "track", "event": {"a": 1}},
        {"type": "teleport"},
        {"type": 5},
        {},
        "text",
        5,
        None,
        [],
    ],
)
def test_a_bad_message_costs_only_itself(bad: Any) -> None:
    found = messages_of({"batch": [message(), bad, message()]}, None)

    assert [one.rejection is None for one in found] == [True, False, True]
    assert found[1].original == bad


@pytest.mark.parametrize("body", [None, 5, "text", []])
def test_a_body_that_is_no_object_is_one_bad_message(body: Any) -> None:
    (one,) = messages_of(body, "track")

    assert one.rejection is not None


def test_an_empty_batch_has_no_event() -> None:
    assert messages_of({"batch": []}, None) == []


def test_stars_are_no_write_key() -> None:
    assert write_key_of({"writeKey": "k:***"}) is None
    assert write_key_of({"writeKey": "wk"}) == "wk"
    assert write_key_of([]) is None
