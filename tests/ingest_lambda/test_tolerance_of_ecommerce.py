"""E-commerce and consent as gtag and data layers write them."""

# ruff: noqa: E501 - one line per case

import pytest

from tests.ingest_lambda.doubles import KEY, PAGE_VIEW, Bench, gateway
from tests.ingest_lambda.tolerance import stored


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
