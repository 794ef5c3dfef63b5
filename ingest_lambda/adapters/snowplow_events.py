"""Snowplow's kinds of events: a payload and its entities → our event and what goes into its properties."""

from collections.abc import Callable, Mapping
from typing import Any

from ingest_lambda.adapters.fields import moved, present, take, text, with_more
from ingest_lambda.adapters.snowplow_entities import ECOMMERCE, Entities
from ingest_lambda.adapters.snowplow_json import pop_json, self_describing
from ingest_lambda.adapters.translation import invalid

Found = tuple[dict[str, Any], dict[str, Any]]

ACTIONS = {
    "product_view": "view_item",
    "add_to_cart": "add_to_cart",
    "remove_from_cart": "remove_from_cart",
    "list_view": "view_item_list",
    "list_click": "select_item",
    "promo_view": "view_promotion",
    "promo_click": "select_promotion",
    "checkout_step": "checkout_step",
    "transaction": "purchase",
    "refund": "refund",
    "trns_error": "transaction_error",
}
"""`type` of an e-commerce action → our event; the first checkout step is begin_checkout."""

_STRUCTURED = {"se_ca": "category", "se_la": "label", "se_pr": "property", "se_va": "value"}
_ORDER = {
    "tr_id": "transaction_id",
    "tr_tt": "value",
    "tr_cu": "currency",
    "tr_sh": "shipping",
    "tr_tx": "tax",
}
_LINE = {
    "ti_sk": "item_id",
    "ti_nm": "item_name",
    "ti_ca": "item_category",
    "ti_pr": "price",
    "ti_qu": "quantity",
}


def _page_view(payload: dict[str, Any], entities: Entities) -> Found:
    return _with_commerce("page_view", entities), {}


def _page_ping(payload: dict[str, Any], entities: Entities) -> Found:
    return _with_commerce("page_ping", entities), {}


def _structured(payload: dict[str, Any], entities: Entities) -> Found:
    name = text(take(payload, "se_ac"))
    if name is None:
        raise invalid("se_ac: a structured event needs an action")
    return _with_commerce(name, entities), moved(payload, _STRUCTURED)


def _self_describing(payload: dict[str, Any], entities: Entities) -> Found:
    outer = self_describing(pop_json(payload, "ue_pr", "ue_px"))
    inner = None if outer is None else self_describing(outer.data)
    if inner is None:
        raise invalid("ue_pr or ue_px: a self-describing event, as JSON or in URL-safe base64")
    if (inner.vendor, inner.name) != (ECOMMERCE, "snowplow_ecommerce_action"):
        return _with_commerce(inner.name, entities), with_more(inner.data, {"schema": inner.schema})
    data = dict(inner.data)
    action = text(data.pop("type", None))
    if action is None:
        raise invalid("type: an e-commerce action needs one")
    name = ACTIONS.get(action, action)
    if name == "checkout_step" and str(entities.step) == "1":
        name = "begin_checkout"
    event = _with_commerce(name, entities)
    listed = text(data.get("name"))
    if listed is not None and action in {"list_view", "list_click"}:
        del data["name"]
        for item in entities.items:
            item.setdefault("item_list_name", listed)
        if not entities.items:
            data["item_list_name"] = listed
    return event, data


def _transaction(payload: dict[str, Any], entities: Entities) -> Found:
    """The old way of an order: its lines come as events of their own, and nothing here joins them."""
    order = moved(payload, _ORDER)
    return {"event": "purchase", "ecommerce": order}, {}


def _transaction_item(payload: dict[str, Any], entities: Entities) -> Found:
    order = present(transaction_id=take(payload, "ti_id"), currency=take(payload, "ti_cu"))
    line = moved(payload, _LINE)
    return {"event": "transaction_item", "ecommerce": order | {"items": [line]}}, {}


def _with_commerce(name: str, entities: Entities) -> dict[str, Any]:
    commerce = entities.ecommerce | ({"items": entities.items} if entities.items else {})
    return {"event": name} | ({"ecommerce": commerce} if commerce else {})


EVENTS: Mapping[str, Callable[[dict[str, Any], Entities], Found]] = {
    "pv": _page_view,
    "pp": _page_ping,
    "ue": _self_describing,
    "se": _structured,
    "tr": _transaction,
    "ti": _transaction_item,
}
"""`e` of a payload → how it is read."""
