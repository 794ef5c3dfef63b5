"""Money and items."""

import orjson
import pytest

from enrich_consumer.core.enrichments import References, columns
from tests.support.records import SITE, build, record

ENRICH = build(References())
NAMES = (
    "item_id",
    "item_name",
    "item_brand",
    "item_category",
    "item_variant",
    "price",
    "quantity",
    "discount",
)


def _row(event="purchase", site=SITE, **ecommerce):
    return ENRICH(record({"event": event, "ecommerce": ecommerce}, site=site))[0]


def test_an_order():
    row = _row(
        currency="brl",
        value=99.9,
        transaction_id="P-1",
        coupon="X",
        shipping=0,
        tax=1.23456,
        items=[{"item_id": 7, "item_name": "Tênis", "price": 49.95, "quantity": 2}, {"item_id": "b"}],
    )
    assert (row["currency"], row["value"], row["shipping"], row["tax"]) == ("BRL", 99.9, 0, 1.2346)
    assert (row["transaction_id"], row["coupon"]) == ("P-1", "X")
    assert (row["items_count"], row["items_quantity"]) == (2, 3)
    assert row["items"][0] == {"item_id": "7", "item_name": "Tênis", "price": 49.95, "quantity": 2}
    assert row["items"][1] == {"item_id": "b", "quantity": 1}
    assert set(row["items"][0]) <= set(NAMES)
    assert "ecommerce_flags" not in row


def test_an_item_has_every_field_of_ga4():
    item = {
        "item_id": "a", "item_name": "b", "item_brand": "c", "item_category": "d", "item_category2": "e",
        "item_category3": "f", "item_category4": "g", "item_category5": "h", "item_variant": "i", "item_list_id": "j",
        "item_list_name": "k", "index": 3, "coupon": "l", "affiliation": "m", "promotion_id": "n",
        "promotion_name": "o", "creative_name": "p", "creative_slot": "q",
        "location_id": "r", "price": 1.5, "quantity": 2, "discount": 0.5,
    }  # fmt: skip
    row = _row("view_item_list", items=[item])
    assert row["items"] == [item]
    assert "properties" not in row
    fields = next(column.type for column in columns() if column.name == "items")
    assert all(f"{name}:" in fields for name in item)


@pytest.mark.parametrize(
    ("index", "wanted"), [(0, 0), ("4", 4), (2.0, 2), (2.5, None), ("x", None), (10**12, None), (True, None)]
)
def test_the_index_is_a_whole_number(index, wanted):
    assert _row(items=[{"item_id": "a", "index": index}])["items"][0].get("index") == wanted


def test_what_the_event_says_of_all_items_is_each_item_s():
    row = _row(
        "view_promotion",
        promotion_id="p1",
        item_list_id="l1",
        items=[{"item_id": "a"}, {"promotion_id": "p2"}],
    )
    assert [item["promotion_id"] for item in row["items"]] == ["p1", "p2"]
    assert [item["item_list_id"] for item in row["items"]] == ["l1", "l1"]
    assert "properties" not in row


def test_fields_without_a_column_are_kept_in_properties():
    items = [{"item_id": "a"}, {"item_id": 7, "cor": "azul", "email": "a@b.com"}]
    event = {"ecommerce": {"value": 1, "payment_type": "pix", "items": items}, "properties": {"x": 1}}
    (row,) = ENRICH(record({"event": "purchase", **event}))
    assert orjson.loads(row["properties"]) == {
        "x": 1,
        "ecommerce": {
            "payment_type": "pix",
            "items": [{"place": 1, "item_id": 7, "cor": "azul", "email": "[removed]"}],
        },
    }
    assert row["items"][1] == {"item_id": "7", "quantity": 1}
    row = _row("select_promotion", promotion_id="p1")
    assert orjson.loads(row["properties"]) == {"ecommerce": {"promotion_id": "p1"}}
    (row,) = ENRICH(record({"ecommerce": {"a": 1}, "properties": {"ecommerce": 2}}))
    assert orjson.loads(row["properties"]) == {"ecommerce": 2, "ecommerce_unread": {"a": 1}}


@pytest.mark.parametrize(
    ("given", "wanted", "flags"),
    [
        ("undefined", None, ["unusable_transaction_id"]),
        (" NULL ", None, ["unusable_transaction_id"]),
        ("(not set)", None, ["unusable_transaction_id"]),
        ("   ", None, ["unusable_transaction_id"]),
        (" P-9 ", "P-9", None),
        (10023, "10023", None),
        (0, "0", None),
        (None, None, None),
    ],
)
def test_a_placeholder_is_no_id(given, wanted, flags):
    row = _row(value=1, transaction_id=given)
    assert (row.get("transaction_id"), row.get("ecommerce_flags")) == (wanted, flags)
    assert _row(items=[{"item_id": given}])["items"][0].get("item_id") == wanted


@pytest.mark.parametrize(
    ("given", "site", "currency", "flags"),
    [
        (None, "BRL", "BRL", None),
        (" usd ", "BRL", "USD", None),
        ("R$", "BRL", None, ["unknown_currency"]),
        ("XYZ", "BRL", None, ["unknown_currency"]),
        (None, None, None, None),
    ],
)
def test_currency(given, site, currency, flags):
    row = _row(value=1, currency=given, site=SITE._replace(currency=site))
    assert row.get("currency") == currency
    assert row.get("ecommerce_flags") == flags


@pytest.mark.parametrize(
    ("event", "value", "expected", "flags"),
    [
        ("purchase", -5, -5, ["negative_value"]),
        ("purchase", 1e11, None, ["absurd_value"]),
        ("purchase", -1e300, None, ["absurd_value"]),
        ("purchase", 99_999_999_999.99, 99_999_999_999.99, None),
        ("purchase", 0.00004, 0, None),
        ("purchase", True, 1, None),
        ("refund", -5, 5, None),
        ("refund", 5, 5, None),
    ],
)
def test_amounts(event, value, expected, flags):
    row = _row(event, value=value)
    assert row.get("value") == expected
    assert row.get("ecommerce_flags") == flags


def test_the_value_is_derived_without_losing_cents():
    row = _row(items=[{"item_id": str(n), "price": 0.1, "quantity": 1} for n in range(3)])
    assert row["value"] == 0.3
    assert row["ecommerce_flags"] == ["derived_value"]


@pytest.mark.parametrize(
    ("quantity", "expected", "flags"),
    [
        (2.0, 2, None),
        (1.5, 1, ["broken_quantity"]),
        (-1, -1, ["negative_quantity"]),
        (10**9, None, ["absurd_quantity"]),
        (1e308, None, ["absurd_quantity"]),
    ],
)
def test_quantities(quantity, expected, flags):
    row = _row(value=1, items=[{"item_id": "a", "quantity": quantity}])
    assert row["items"][0]["quantity"] == expected
    assert row.get("ecommerce_flags") == flags


@pytest.mark.parametrize(
    "malformed",
    [{"items": "x"}, {"items": [1]}, {"value": "1"}, {"items": [{"price": "R$ 1"}]}, {"currency": 3}],
)
def test_malformed_shapes_cost_only_these_columns(malformed):
    row = _row(**malformed)
    assert row["enrich_errors"] == ["ecommerce"]
    assert row.get("items") is None
    assert row.get("value") is None
    assert row["event_at"] is not None
