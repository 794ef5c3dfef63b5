"""The items of an event: the lake's struct, and the storefront's fields that it has no column for."""

from collections.abc import Mapping, Sequence
from typing import Any

TEXTS = (
    "item_id",
    "item_name",
    "item_brand",
    "item_category",
    "item_variant",
    "item_category2",
    "item_category3",
    "item_category4",
    "item_category5",
    "item_list_id",
    "item_list_name",
    "coupon",
    "affiliation",
    "promotion_id",
    "promotion_name",
    "creative_name",
    "creative_slot",
    "location_id",
)
"""Fields of GA4's item that are texts."""

ITEMS_TYPE = (
    "array<struct<item_id:string,item_name:string,item_brand:string,item_category:string,item_variant:string,"
    "price:decimal(18,4),quantity:int,discount:decimal(18,4),item_category2:string,item_category3:string,"
    "item_category4:string,item_category5:string,item_list_id:string,item_list_name:string,index:int,coupon:string,"
    "affiliation:string,promotion_id:string,promotion_name:string,creative_name:string,creative_slot:string,"
    "location_id:string>>"
)

OF_ALL_ITEMS = (
    "item_list_id",
    "item_list_name",
    "affiliation",
    "promotion_id",
    "promotion_name",
    "creative_name",
    "creative_slot",
    "location_id",
)
"""Fields that GA4 takes from the event for every item that does not have its own."""

_TEXTS = frozenset(TEXTS)
_OF_ALL = frozenset(OF_ALL_ITEMS)
_READ_OF_ITEM = _TEXTS | {"price", "quantity", "discount", "index"}
_READ_OF_EVENT = frozenset(("currency", "value", "transaction_id", "coupon", "shipping", "tax", "items"))
_READ_WITH_ITEMS = _READ_OF_EVENT | _OF_ALL
_MOST_INDEX = 2**31 - 1

_PLACEHOLDERS = frozenset(
    ("", "undefined", "null", "none", "nan", "n/a", "(not set)", "(none)", "[object object]", "false", "true")
)
"""What programs write where they have no id, in lower case."""


def clean_id(given: Any) -> str | None:
    """An id or a name as text without blanks around; None for a text that programs write for a missing value."""
    text = (given if type(given) is str else str(given)).strip()
    return None if text.lower() in _PLACEHOLDERS else text


def texts_of(item: Mapping[str, Any], shared: Mapping[str, str]) -> dict[str, Any]:
    """The texts and the index of one item; `shared`: the fields of the event that hold for all items."""
    row: dict[str, Any] = {**shared} if shared else {}
    for name, value in item.items():
        if name in _TEXTS and value is not None:
            text = clean_id(value) if name == "item_id" else value if type(value) is str else str(value)
            if text is not None:
                row[name] = text
    index = item.get("index")
    if index is not None and (number := _whole(index)) is not None:
        row["index"] = number
    return row


def shared_texts(ecommerce: Mapping[str, Any]) -> dict[str, str]:
    """The fields of an event that hold for all its items."""
    if _OF_ALL.isdisjoint(ecommerce):
        return {}
    return {name: str(ecommerce[name]) for name in OF_ALL_ITEMS if ecommerce.get(name) not in (None, "")}


def _whole(index: Any) -> int | None:
    if type(index) is str:
        return int(index) if index.isascii() and index.isdigit() and len(index) < 10 else None
    if type(index) is int or (type(index) is float and index.is_integer()):
        return int(index) if abs(index) <= _MOST_INDEX else None
    return None


def unread_fields(ecommerce: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event's `ecommerce` without a column, its items' by their `item_id` and index (`place`)."""
    items = ecommerce.get("items")
    has_items = isinstance(items, list) and bool(items)
    read = _READ_WITH_ITEMS if has_items else _READ_OF_EVENT
    unread = {} if ecommerce.keys() <= read else {k: v for k, v in ecommerce.items() if k not in read}
    if has_items and _has_unread(items or ()):
        rest = [
            {
                "place": position,
                "item_id": item.get("item_id"),
                **{k: v for k, v in item.items() if k not in _READ_OF_ITEM},
            }
            for position, item in enumerate(items or ())
            if isinstance(item, dict) and not item.keys() <= _READ_OF_ITEM
        ]
        if rest:
            unread["items"] = rest
    return unread


def _has_unread(items: Sequence[Any]) -> bool:
    """Nearly always false, and asked of every item: no more is done than need be."""
    for item in items:  # noqa: SIM110 - a generator costs more than the loop
        if isinstance(item, dict) and not item.keys() <= _READ_OF_ITEM:
            return True
    return False
