"""The clients, how each is run, and what must be read back of its trip."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.ingest_lambda.adapters.sites import PUBLIC, SECRET, WEBSITE

HERE = Path(__file__).parent
TRIP = json.loads((HERE / "trip.json").read_text(encoding="utf-8")) | {"secret": SECRET}
Row = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """`repeats`: it sends again after an outage, so that nothing may be lost. `identifies`: its events have ids, so
    that copies are known. `lacks`: what its protocol or package has no way to say.
    """

    name: str
    package: str
    kind: Literal["node", "browser", "python"]
    key: str
    repeats: bool = True
    identifies: bool = True
    lacks: frozenset[str] = frozenset()
    events: tuple[str, ...] = (
        "page_view", "search", "view_item", "add_to_cart", "begin_checkout", "purchase", "newsletter_signup",
    )  # fmt: skip


SEGMENT = (*Client.events, "identify")
NO_SEARCH = ("page_view", "view_item", "add_to_cart", "begin_checkout", "purchase", "newsletter_signup")
OWN_VISITOR = frozenset({"visitor_id"})
CHECKOUT = frozenset({"checkout"})
OF_LOCATION = frozenset({"page_referrer", "location"})

CLIENTS = [
    Client("segment_node", "@segment/analytics-node", "node", PUBLIC, events=SEGMENT),
    Client("segment_python", "segment-analytics-python", "python", PUBLIC, events=SEGMENT),
    Client("segment_next", "@segment/analytics-next", "browser", PUBLIC, events=SEGMENT),
    Client("rudder_node", "@rudderstack/rudder-sdk-node", "node", PUBLIC, events=SEGMENT),
    Client("rudder_python", "rudder-sdk-python", "python", PUBLIC, events=SEGMENT),
    Client("rudder_js", "@rudderstack/analytics-js", "browser", PUBLIC, events=SEGMENT),
    Client("jitsu_js", "@jitsu/js", "browser", PUBLIC, repeats=False, events=SEGMENT),
    Client("snowplow_node", "@snowplow/node-tracker", "node", "shop", lacks=CHECKOUT, events=NO_SEARCH),
    Client("snowplow_python", "snowplow-tracker", "python", "shop", lacks=CHECKOUT, events=NO_SEARCH),
    Client(
        "snowplow_js", "@snowplow/browser-tracker", "browser", "shop",
        lacks=CHECKOUT | OWN_VISITOR | OF_LOCATION, events=NO_SEARCH,
    ),
    Client(
        "ga4_minimal", "@minimal-analytics/ga4", "browser", "G-XXXX", repeats=False,
        lacks=OWN_VISITOR | OF_LOCATION | {"user_id", "items"},
        events=("page_view", "search", "purchase", "newsletter_signup"),
    ),
    Client("ga4_mp", "@analytics-debugger/ga4mp", "browser", "G-AAAA", repeats=False, lacks=OF_LOCATION),
    Client("ga4mp_python", "ga4mp", "python", "G-X", repeats=False, lacks=frozenset({"user_id"})),
    Client(
        "plausible_js", "@plausible-analytics/tracker", "browser", "loja.example", repeats=False, identifies=False,
        lacks=OWN_VISITOR | {"user_id", "page_title", "page_referrer", "order", "items"},
        events=("page_view", "purchase", "newsletter_signup"),
    ),
    Client(
        "umami_node", "@umami/node", "node", WEBSITE, repeats=False, identifies=False,
        lacks=OWN_VISITOR | {"user_id"}, events=("page_view", "newsletter_signup"),
    ),
]  # fmt: skip


def expected(client: Client, page_url: str | None) -> list[Row]:
    """The events of the trip in our fields; `page_url`: where the browser was, None for servers."""
    products = [
        {"item_id": one["id"], "item_name": one["name"], "item_brand": one["brand"], "item_category": one["category"],
         "item_variant": one["variant"], "price": one["price"], "quantity": one["quantity"]}
        for one in TRIP["products"]
    ]  # fmt: skip
    order, currency = TRIP["order"], TRIP["currency"]
    page = TRIP["page"] | ({"url": page_url} if page_url is not None and client.lacks >= OF_LOCATION else {})
    amounts = {"currency": currency, "value": order["value"]}
    whole = (
        amounts
        | {name: order[name] for name in ("shipping", "tax", "coupon")}
        | {"transaction_id": order["id"]}
    )
    rows: dict[str, Row] = {
        "page_view": {
            "page_url": page["url"],
            "page_title": page["title"],
            "page_referrer": page["referrer"],
        },
        "search": {"search_term": TRIP["term"]},
        "view_item": {"currency": currency, "items": products[:1]},
        "add_to_cart": {"currency": currency, "items": products[:1]},
        "begin_checkout": {"currency": currency, "value": order["value"], "items": products},
        "purchase": whole | {"items": products},
        "newsletter_signup": {"topic": "novidades"},
        "identify": {"plan": "gold"},
    }
    if "checkout" in client.lacks:
        rows["begin_checkout"] = {}
    if "order" in client.lacks:
        rows["purchase"] = amounts
    who = {"visitor_id": TRIP["visitor"], "user_id": TRIP["user"]}
    return [
        {"event": name}
        | {field: value for field, value in (rows[name] | who).items() if field not in client.lacks}
        for name in client.events
    ]


def run_server_client(
    client: Client, host: str, scripts: Path, *, key: str, secret: str, gzip: bool
) -> list[str]:
    """The trip of a server's client in a process of its own: what the client calls errors.

    `gzip`: whether a client that can compress does.
    """
    configuration = json.dumps({"host": host, "key": key, "trip": TRIP | {"secret": secret, "gzip": gzip}})
    if client.kind == "python":
        command = [sys.executable, str(HERE / "python" / "run.py"), client.name, configuration]
    else:
        from tests.system.clients.packages import NODE

        command = [str(NODE), str(scripts / "run.mjs"), client.name, configuration]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[:500]
    return list(json.loads(done.stdout.splitlines()[-1]))
