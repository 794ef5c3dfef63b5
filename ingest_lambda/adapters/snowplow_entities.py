"""Snowplow's entities (contexts): what they say of products, cart, order, page view and device.

Source: Snowplow's e-commerce schemas, com.snowplowanalytics.snowplow.ecommerce.
"""

from dataclasses import dataclass, field
from typing import Any

from ingest_lambda.adapters.client_hints import of_user_agent_data
from ingest_lambda.adapters.fields import moved, take, with_more
from ingest_lambda.adapters.snowplow_json import pop_json, self_describing

ECOMMERCE = "com.snowplowanalytics.snowplow.ecommerce"
SNOWPLOW = "com.snowplowanalytics.snowplow"
PRODUCT = {
    "id": "item_id",
    "name": "item_name",
    "category": "item_category",
    "price": "price",
    "quantity": "quantity",
    "variant": "item_variant",
    "brand": "item_brand",
    "position": "index",
}
TRANSACTION = {
    "transaction_id": "transaction_id",
    "revenue": "value",
    "currency": "currency",
    "tax": "tax",
    "shipping": "shipping",
    "discount_code": "coupon",
}
CART = {"total_value": "value", "currency": "currency"}
REFUND = {"transaction_id": "transaction_id", "refund_amount": "value", "currency": "currency"}
PROMOTION = {
    "id": "promotion_id",
    "name": "promotion_name",
    "creative_id": "creative_name",
    "slot": "creative_slot",
}


@dataclass(slots=True)
class Entities:
    """`items` and `ecommerce` as ours; `named` is what is left of the known ones, `others` the shop's own."""

    items: list[dict[str, Any]] = field(default_factory=list)
    ecommerce: dict[str, Any] = field(default_factory=dict)
    step: Any = None
    hints: dict[str, str] = field(default_factory=dict)
    named: dict[str, Any] = field(default_factory=dict)
    others: list[Any] = field(default_factory=list)

    def properties(self) -> dict[str, Any]:
        """What has no field of ours."""
        return with_more(self.named, {"entities": self.others})


def entities_of(payload: dict[str, Any]) -> Entities:
    """The entities of a payload, taken out of it; left there where they cannot be read."""
    found = Entities()
    document = pop_json(payload, "co", "cx")
    outer = self_describing(document)
    data = document.get("data") if outer is not None else document
    for each in data if isinstance(data, list) else [] if data is None else [data]:
        entity = self_describing(each)
        if entity is None:
            found.others.append(each)
        elif not _take(found, entity.vendor, entity.name, dict(entity.data)):
            found.others.append({"schema": entity.schema, "data": entity.data})
    return found


def _take(found: Entities, vendor: str, name: str, data: dict[str, Any]) -> bool:  # noqa: C901 - a table
    match vendor, name:
        case "com.snowplowanalytics.snowplow.ecommerce", "product":
            currency = take(data, "currency")
            found.items.append(data | moved(data, PRODUCT))
            if currency is not None:
                found.ecommerce.setdefault("currency", currency)
        case "com.snowplowanalytics.snowplow.ecommerce", "promotion":
            found.items.append(data | moved(data, PROMOTION))
        case "com.snowplowanalytics.snowplow.ecommerce", "transaction":
            found.ecommerce |= moved(data, TRANSACTION)
            found.named["transaction"] = data
        case "com.snowplowanalytics.snowplow.ecommerce", "refund":
            found.ecommerce |= moved(data, REFUND)
            found.named["refund"] = data
        case "com.snowplowanalytics.snowplow.ecommerce", "cart":
            found.ecommerce = moved(data, CART) | found.ecommerce  # an order's own amount counts
            found.named["cart"] = data
        case "com.snowplowanalytics.snowplow.ecommerce", "checkout_step":
            found.step = data.get("step")
            found.named["checkout_step"] = data
        case "com.snowplowanalytics.snowplow", "web_page":
            found.named["web_page_id"] = data.get("id")
        case "com.snowplowanalytics.snowplow", "client_session":
            found.named["client_session"] = data
        case "org.ietf", "http_client_hints":
            found.hints = of_user_agent_data(data)
        case _:
            return False
    return True
