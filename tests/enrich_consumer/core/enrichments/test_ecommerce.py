"""Money and items."""

import pytest

from enrich_consumer.core.enrichments import References
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
    "odd", [{"items": "x"}, {"items": [1]}, {"value": "1"}, {"items": [{"price": "R$ 1"}]}, {"currency": 3}]
)
def test_odd_shapes_cost_only_these_columns(odd):
    row = _row(**odd)
    assert row["enrich_errors"] == ["ecommerce"]
    assert row.get("items") is None
    assert row.get("value") is None
    assert row["event_at"] is not None
