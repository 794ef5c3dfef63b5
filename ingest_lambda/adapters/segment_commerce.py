"""Segment's e-commerce events: names, products and amounts as ours.

Source: Segment's Spec, V2 e-commerce events (https://segment.com/docs/connections/spec/ecommerce/v2/).
"""

from decimal import Decimal
from typing import Any

from ingest_lambda.adapters.fields import first, moved, number, present, snake_case, take

NAMES = {
    "products_searched": "search",
    "product_list_viewed": "view_item_list",
    "product_clicked": "select_item",
    "product_viewed": "view_item",
    "product_added": "add_to_cart",
    "product_removed": "remove_from_cart",
    "product_added_to_wishlist": "add_to_wishlist",
    "cart_viewed": "view_cart",
    "checkout_started": "begin_checkout",
    "checkout_step_completed": "add_shipping_info",
    "payment_info_entered": "add_payment_info",
    "order_completed": "purchase",
    "order_refunded": "refund",
    "promotion_viewed": "view_promotion",
    "promotion_clicked": "select_promotion",
    # names of the Spec's first version, which old shops still send
    "viewed_product": "view_item",
    "viewed_product_category": "view_item_list",
    "added_product": "add_to_cart",
    "removed_product": "remove_from_cart",
    "completed_order": "purchase",
}
"""Their name in snake case → ours."""

OF_ONE_PRODUCT = frozenset({"select_item", "view_item", "add_to_cart", "remove_from_cart", "add_to_wishlist"})
OF_PROMOTION = frozenset({"view_promotion", "select_promotion"})
ORDER = {
    "order_id": "transaction_id",
    "currency": "currency",
    "coupon": "coupon",
    "shipping": "shipping",
    "tax": "tax",
}
PRODUCT = {
    "product_id": "item_id",
    "sku": "item_id",
    "name": "item_name",
    "brand": "item_brand",
    "category": "item_category",
    "variant": "item_variant",
    "price": "price",
    "quantity": "quantity",
    "coupon": "coupon",
    "position": "index",
    "list_id": "item_list_id",
    "affiliation": "affiliation",
}
PROMOTION = {
    "promotion_id": "promotion_id",
    "name": "promotion_name",
    "creative": "creative_name",
    "position": "creative_slot",
}
_OURS = frozenset(NAMES.values())


def name_of(given: str) -> str:
    """Our name for an e-commerce event of theirs; any other name as it came."""
    return NAMES.get(snake_case(given), given)


def commerce_of(event: str, properties: dict[str, Any]) -> dict[str, Any]:
    """`ecommerce` of an event with our name; what it holds is taken out of `properties`."""
    items = _items(event, properties)
    if event in _OURS:
        found = moved(properties, ORDER)
        value = _value(properties, found)
    else:  # a custom event may mean something else by these names
        plain = {theirs: ours for theirs, ours in ORDER.items() if _is_plain(theirs, properties)}
        found = moved(properties, plain)
        amount = next((name for name in ("revenue", "value") if number(properties.get(name)) is not None), "")
        value = take(properties, amount)
    return found | present(value=value, items=items or None)


def _is_plain(name: str, properties: dict[str, Any]) -> bool:
    value = properties.get(name)
    return number(value) is not None if name in {"shipping", "tax"} else isinstance(value, (str, int))


def _items(event: str, properties: dict[str, Any]) -> list[Any]:
    if event in OF_PROMOTION:
        promotion = moved(properties, PROMOTION)
        return [promotion] if promotion else []
    products = properties.get("products")
    if isinstance(products, list):
        del properties["products"]
        list_id = properties.get("list_id")
        return [_product(product, list_id) for product in products]
    if event not in OF_ONE_PRODUCT:
        return []
    coupon = properties.get("coupon")
    product = moved(properties, PRODUCT)
    if coupon is not None:
        properties["coupon"] = coupon  # the event's too
    return [product] if product else []


def _product(given: Any, list_id: Any) -> Any:
    if not isinstance(given, dict):
        return given
    rest = dict(given)
    item = rest | moved(rest, PRODUCT)
    return item if list_id is None else {"item_list_id": list_id} | item


def _value(properties: dict[str, Any], order: dict[str, Any]) -> Any:
    """Revenue, value, subtotal, or total less shipping and tax: the first that exists."""
    for name in ("revenue", "value", "subtotal"):
        if first(properties.get(name)) is not None:
            return take(properties, name)
    return _net(properties.get("total"), order.get("shipping"), order.get("tax"))


def _net(total: Any, shipping: Any, tax: Any) -> Any:
    """None where an amount to be subtracted, or to subtract from, is unclear."""
    if first(shipping, tax) is None:
        return first(total)
    parts = [number(first(part, 0)) for part in (total, shipping, tax)]
    if first(total) is None or None in parts:
        return None
    whole, *less = (Decimal(str(part)) for part in parts)
    return float(whole - sum(less))
