"""snowplow-tracker: the trip, in a process of its own."""

import time
from typing import Any
from urllib.parse import urlsplit

from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

SCHEMAS = "iglu:com.snowplowanalytics.snowplow.ecommerce"


def action(kind: str, *entities: SelfDescribingJson) -> SelfDescribing:
    schema = f"{SCHEMAS}/snowplow_ecommerce_action/jsonschema/1-0-2"
    return SelfDescribing(SelfDescribingJson(schema, {"type": kind}), context=list(entities))


def entity(name: str, data: dict[str, Any]) -> SelfDescribingJson:
    return SelfDescribingJson(f"{SCHEMAS}/{name}/jsonschema/1-0-0", data)


def run(host: str, key: str, trip: dict[str, Any]) -> list[str]:
    url = urlsplit(host)
    errors: list[str] = []
    emitter = Emitter(
        url.hostname or "", protocol="http", port=url.port, batch_size=3,
        on_failure=lambda sent, failed: errors.append(f"{len(failed)} to be repeated"),
    )  # fmt: skip
    subject = Subject().set_user_id(trip["user"]).set_domain_user_id(trip["visitor"]).set_lang("pt-BR")
    tracker = Tracker("t", emitter, subject=subject, app_id=key, encode_base64=False)
    products = [entity("product", product | {"currency": trip["currency"]}) for product in trip["products"]]
    order = trip["order"]
    fields = {"transaction_id": order["id"], "revenue": order["value"], "discount_code": order["coupon"]}
    fields |= {"currency": trip["currency"], "shipping": order["shipping"], "tax": order["tax"]}
    page = trip["page"]
    tracker.track(PageView(page_url=page["url"], page_title=page["title"], referrer=page["referrer"]))
    tracker.track(action("product_view", products[0]))
    tracker.track(action("add_to_cart", products[0]))
    tracker.track(action("checkout_step", entity("checkout_step", {"step": 1})))
    tracker.track(action("transaction", entity("transaction", fields), *products))
    tracker.track(StructuredEvent(category="forms", action="Newsletter Signup", label="novidades"))
    for _ in range(100):  # what failed stays in the tracker's queue; it tries again after a pause of its own
        tracker.flush()
        if not emitter.event_store.size():
            break
        time.sleep(0.2)
    return errors if emitter.event_store.size() else []
