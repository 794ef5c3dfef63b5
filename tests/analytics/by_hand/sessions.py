"""Sessions: one row of facts for each."""

from collections import Counter
from decimal import Decimal
from typing import Any

from enrich_consumer.core.tables.click_ids import CLICK_PARAMETERS
from tests.analytics.by_hand.delivered import Row, Rows, events, grouped
from tests.analytics.by_hand.orders import orders


def sessions(delivered: Rows) -> Rows:
    bought = grouped(orders(delivered), "site", "visitor_id", "session_id")
    return [
        _session(key, of_session, bought.get(key, []))
        for key, of_session in grouped(events(delivered), "site", "visitor_id", "session_id").items()
    ]


LOOKING = {
    *("page_view", "screen_view", "scroll", "user_engagement", "page_leave", "page_ping", "session_start"),
    *("first_visit", "first_open", "web_vitals", "exception", "refund"),
}


def _session(key: tuple[Any, ...], rows: Rows, bought: Rows) -> Row:
    names = Counter(row["event_name"] for row in rows)
    pages = [row["page_path"] for row in rows if row["event_name"] == "page_view"]
    server = [row for row in rows if row["event_name"] in ("purchase", "refund") and row["page_url"] is None]
    from_browser = [row for row in rows if row not in server]
    ranked = from_browser + server
    touch = next((row for row in ranked if row["channel"] is not None), None)
    first = ranked[0]
    users = [row["user_id"] for row in rows if row["user_id"]]
    bots = [row["bot_name"] for row in (from_browser or server) if row["bot_name"]]
    deeds = [n for n in names.elements() if n not in LOOKING and not n.startswith("view_")]
    source, medium = _source(touch)
    return {
        "site": key[0],
        "visitor_id": key[1],
        "session_id": key[2],
        "visitor_kind": first["visitor_kind"],
        "user_id": max(users) if users else None,
        "started_at": rows[0]["event_at"],
        "ended_at": rows[-1]["event_at"],
        "seconds": (rows[-1]["event_at"] - rows[0]["event_at"]).total_seconds(),
        "session_date": rows[0]["event_date"],
        "events": len(rows),
        "page_views": names["page_view"],
        "item_views": names["view_item"],
        "cart_adds": names["add_to_cart"],
        "checkouts": names["begin_checkout"],
        "payments": names["add_payment_info"],
        "searches": names["search"],
        **_money(rows, bought),
        "orders": len(bought),
        "is_bounce": names["page_view"] <= 1 and names["view_item"] <= 1 and not deeds,
        "entry_path": pages[0] if pages else None,
        "exit_path": pages[-1] if pages else None,
        "channel": touch["channel"] if touch else "Unassigned",
        "source": source,
        "medium": medium,
        "campaign": touch["utm_campaign"] if touch else None,
        "has_source": bool(touch) and touch["channel"] != "Direct",
        "device_class": first["device_class"] or "other",
        **{
            name: first[name] for name in ("browser_name", "os_name", "geo_country", "geo_region", "geo_city")
        },
        "bot_name": max(bots) if bots else None,
        "is_bot": any(row["is_bot"] for row in from_browser or server),
        "has_late_events": any(row["is_late"] for row in rows),
    }


NETWORKS = {network.name: network for network in reversed(CLICK_PARAMETERS.values())}


def _source(touch: Row | None) -> tuple[str | None, str | None]:
    if not touch:
        return None, None
    network = NETWORKS.get(touch["click_network"])
    paid = network is not None and network.medium not in ("referral", "organic")
    source = touch["utm_source"] or (network.source if paid else None) or touch["referrer_source"]
    medium = touch["utm_medium"] or (network.medium if paid else None) or touch["referrer_medium"]
    return source or (network and network.source), medium or (network and network.medium)


def _money(rows: Rows, bought: Rows) -> Row:
    """Orders of the first order's currency, and the cart walked through step by step."""
    left: dict[str | None, dict[str, list[Any]]] = {}
    for row in rows:
        if row["event_name"] not in ("add_to_cart", "remove_from_cart"):
            continue
        sign = 1 if row["event_name"] == "add_to_cart" else -1
        items = row["items"] or []
        if items and all(item["price"] is not None for item in items):
            lines = [(i["item_id"] or i["item_name"] or "", i["price"], sign * i["quantity"]) for i in items]
        else:
            lines = [("?", row["value"] or Decimal(0), sign)]
        cart = left.setdefault(row["currency"], {})
        for item_id, price, pieces in lines:
            held = cart.setdefault(item_id, [0, Decimal(0)])
            held[0] = max(0, held[0] + pieces)
            if pieces > 0:
                held[1] = price
    currency = bought[0]["currency"] if bought else next(iter(left), None)
    same = [order for order in bought if order["currency"] == currency]
    in_cart = next(iter(left)) if left else None
    cart_value = sum((pieces * price for pieces, price in left.get(currency, {}).values()), Decimal(0))
    return {
        "currency": currency,
        "cart_pieces": sum(pieces for cart in left.values() for pieces, _ in cart.values()),
        "cart_value": cart_value if in_cart == currency else Decimal(0),
        "orders_in_currency": len(same),
        **{n: sum((o[n] for o in same), Decimal(0)) for n in ("gross_revenue", "refunded", "revenue")},
    }


def of_people(delivered: Rows) -> Rows:
    return [row for row in sessions(delivered) if not row["is_bot"]]
