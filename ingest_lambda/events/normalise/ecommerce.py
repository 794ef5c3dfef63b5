"""E-commerce: amounts, items, gtag's flat form, and the fields that we have no column for."""

from typing import Any

from ingest_lambda.events.normalise.ids import identifier
from ingest_lambda.events.normalise.null_words import NO_ORDER, NULL_WORDS
from ingest_lambda.events.normalise.numbers import THREE_DECIMALS, money, number
from ingest_lambda.events.normalise.objects import Fields, of_object
from ingest_lambda.events.normalise.repairs import CUT, FOLDED, TO_LIST, TO_OBJECT, UNREADABLE, Repairs
from ingest_lambda.events.normalise.values import (
    a_list,
    an_object,
    is_absent,
    listed,
    parsed,
    plain_text,
    text,
)

MAX_ITEMS = 200

ITEM: Fields = {
    "item_id": identifier(256, NULL_WORDS),
    "item_name": text(1_024),
    "item_brand": text(256),
    "item_category": text(256),
    "item_category2": text(256),
    "item_category3": text(256),
    "item_category4": text(256),
    "item_category5": text(256),
    "item_variant": text(256),
    "item_list_id": text(256),
    "item_list_name": text(256),
    "index": number,
    "price": money,
    "quantity": number,
    "discount": money,
    "coupon": text(256),
    "affiliation": text(256),
    "promotion_id": text(256),
    "promotion_name": text(256),
    "creative_name": text(256),
    "creative_slot": text(256),
    "location_id": text(256),
}

ECOMMERCE: Fields = {
    "currency": text(16),
    "value": money,
    "transaction_id": identifier(256, NO_ORDER),
    "coupon": text(256),
    "shipping": money,
    "tax": money,
}
FLAT = (*ECOMMERCE, "items")
"""What gtag writes at the top level."""

EVENTS = frozenset(
    {"add_payment_info", "add_shipping_info", "add_to_cart", "add_to_wishlist", "begin_checkout", "purchase"}
    | {"refund", "remove_from_cart", "select_item", "select_promotion", "view_cart", "view_item"}
    | {"view_item_list", "view_promotion"}
)
"""GA4's e-commerce events: in these a flat `value` is money."""

_ITEM_PATHS = {name: f"ecommerce.items[].{name}" for name in ITEM}
_PATHS = {name: f"ecommerce.{name}" for name in ECOMMERCE}


def is_flat(event: dict[str, Any], name: str) -> bool:
    """Whether e-commerce fields at the top level mean what GA4 means by them."""
    return (
        name in EVENTS
        or "transaction_id" in event
        or ("value" in event and "currency" in event)
        or ("items" in event and type(parsed(event["items"])) is list)
    )


def folded(given: Any, flat: dict[str, Any], repairs: Repairs) -> tuple[Any, dict[str, Any]]:
    """The `ecommerce` of an event with the flat fields that it lacks, and the flat fields that it has already."""
    nested = {} if given is None or is_absent(given) else given
    if type(nested) is not dict:
        nested = parsed(nested)
    if type(nested) is not dict:
        return given, flat
    more = {name: value for name, value in flat.items() if value is not None and nested.get(name) is None}
    if not more:
        return given, flat
    repairs.note("ecommerce", FOLDED)
    return nested | more, {
        name: value for name, value in flat.items() if name not in more and value is not None
    }


def ecommerce(value: Any, repairs: Repairs) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The `ecommerce` object as the raw record holds it, and what goes into `properties`.

    Unknown fields of the object go there under their names. Those of items go there as `item_properties`: a list
    with one object for each item, in the order of the items.
    """
    given = an_object(value, "ecommerce", repairs)
    if given is None:
        return None, {}
    repairs.three_decimals = (
        given.get("currency") in THREE_DECIMALS if type(given.get("currency")) is str else False
    )
    items = given.get("items")
    result, rest = of_object({n: v for n, v in given.items() if n != "items"}, ECOMMERCE, _PATHS, repairs)
    if "items" in given:
        result["items"] = None
    if items is not None:
        result["items"], more = _items(items, repairs)
        rest |= more
    return result, rest


def _items(value: Any, repairs: Repairs) -> tuple[list[dict[str, Any]] | None, dict[str, Any]]:
    one = parsed(value)
    if type(one) is dict and not one.keys().isdisjoint(ITEM):  # a single item without its list
        repairs.note("ecommerce.items", TO_LIST)
        given: list[Any] | None = [one]
    else:
        given = a_list(value, "ecommerce.items", repairs)
    if given is None:
        return None, {}
    rest: dict[str, Any] = {}
    if len(given) > MAX_ITEMS:
        repairs.note("ecommerce.items", CUT)
        rest["more_items"] = given[MAX_ITEMS:]
        given = given[:MAX_ITEMS]
    items: list[dict[str, Any]] = []
    unknown: list[dict[str, Any]] = []
    for index, each in enumerate(given):
        repairs.item = index
        found = each if type(each) is dict else _item(each, repairs)
        if found is not None:
            item, more = of_object(found, ITEM, _ITEM_PATHS, repairs)
            items.append(item)
            unknown.append(more)
    if any(unknown):
        rest["item_properties"] = unknown
    return items, rest


def _item(value: Any, repairs: Repairs) -> dict[str, Any] | None:
    """An item that is no object: its id alone, an object as text or in a list; None for holes in a list."""
    found = parsed(value)
    nested = listed(found)
    if nested is not None and len(nested) == 1:
        found = nested[0]
    if type(found) is dict:
        repairs.note("ecommerce.items[]", TO_OBJECT)
        return found
    if is_absent(found):
        repairs.note("ecommerce.items[]", "absent")
        return None
    item_id = plain_text(found)
    if item_id is None:
        repairs.lose("ecommerce.items[]", UNREADABLE, value)
        return None
    repairs.note("ecommerce.items[]", TO_OBJECT)
    return {"item_id": item_id}
