"""The trip of Segment's Python client and of RudderStack's, which began as a copy of it: the same calls."""

from collections.abc import Callable
from typing import Any


def run(make: Callable[..., Any], host: str, key: str, trip: dict[str, Any]) -> list[str]:
    errors: list[str] = []
    client = make(
        key,
        host=host,
        gzip=trip["gzip"],
        upload_interval=0.1,
        upload_size=3,
        on_error=lambda e, _: errors.append(str(e)),
    )
    who = {"anonymous_id": trip["visitor"], "user_id": trip["user"]}
    currency = {"currency": trip["currency"]}
    products = [{"product_id": product["id"], **product} for product in trip["products"]]
    for product in products:
        del product["id"]
    order = {**trip["order"], **currency, "order_id": trip["order"]["id"], "products": products}
    del order["id"], order["value"]
    client.page(**who, name="Home", properties=trip["page"])
    client.track(**who, event="Products Searched", properties={"query": trip["term"]})
    client.track(**who, event="Product Viewed", properties=products[0] | currency)
    client.track(**who, event="Product Added", properties=products[0] | currency)
    client.track(**who, event="Checkout Started", properties=order)
    client.track(**who, event="Order Completed", properties=order | {"revenue": trip["order"]["value"]})
    client.track(**who, event="Newsletter Signup", properties={"topic": "novidades"})
    client.identify(**who, traits={"plan": "gold"})
    client.shutdown()
    return errors
