"""ga4mp: the trip, in a process of its own."""

from typing import Any

from ga4mp import GtagMP


def run(host: str, key: str, trip: dict[str, Any]) -> list[str]:
    client = GtagMP(api_secret=trip["secret"], measurement_id=key, client_id=trip["visitor"])
    client._base_domain = f"{host}/mp/collect"  # it has no public way to name another host
    items = [
        {
            "item_id": product["id"],
            **{f"item_{name}": product[name] for name in ("name", "brand", "category", "variant")},
        }
        | {"price": product["price"], "quantity": product["quantity"]}
        for product in trip["products"]
    ]
    page, order, currency = trip["page"], trip["order"], trip["currency"]
    amounts = {name: order[name] for name in ("value", "coupon", "shipping", "tax")} | {"currency": currency}
    sent: list[tuple[str, dict[str, Any]]] = [
        (
            "page_view",
            {"page_location": page["url"], "page_title": page["title"], "page_referrer": page["referrer"]},
        ),
        ("search", {"search_term": trip["term"]}),
        ("view_item", {"currency": currency, "items": items[:1]}),
        ("add_to_cart", {"currency": currency, "items": items[:1]}),
        ("begin_checkout", {"currency": currency, "value": order["value"], "items": items}),
        ("purchase", amounts | {"transaction_id": order["id"], "items": items}),
        ("newsletter_signup", {"topic": "novidades"}),
    ]
    errors: list[str] = []
    for name, params in sent:
        try:
            client.send([{"name": name, "params": params}])
        except OSError as error:
            errors.append(str(error))
    return errors
