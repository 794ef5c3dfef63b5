"""Products and baskets, and what was searched for."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from tests.analytics.by_hand.delivered import Row, Rows, events, grouped
from tests.analytics.by_hand.orders import orders
from tests.analytics.by_hand.sessions import of_people


def products(delivered: Rows) -> Rows:
    people = {(row["site"], row["visitor_id"], row["session_id"]) for row in of_people(delivered)}
    sold = {row["event_id"]: row for row in orders(delivered)}
    returned: Counter[tuple[str, str, str]] = Counter()
    for row in events(delivered):
        if row["event_name"] == "refund" and row["transaction_id"]:
            for item in row["items"] or []:
                returned[row["site"], row["transaction_id"], _product(item)] += item["quantity"]
    lines: dict[tuple[Any, ...], list[tuple[Row, Row]]] = defaultdict(list)
    names = ("view_item_list", "select_item", "view_item", "add_to_cart", "purchase")
    for row in events(delivered):
        counts = row["event_name"] in names and (row["site"], row["visitor_id"], row["session_id"]) in people
        if not counts or (row["event_name"] == "purchase" and row["event_id"] not in sold):
            continue
        for item in row["items"] or []:
            if _product(item):
                lines[row["site"], row["event_date"], _product(item), row["currency"]].append((row, item))
    found = []
    for (site, day, item_id, currency), of_item in lines.items():
        seen = Counter(row["event_name"] for row, _ in of_item)
        bought = grouped(
            [i | {"event_id": r["event_id"]} for r, i in of_item if r["event_name"] == "purchase"], "event_id"
        )
        totals = [
            _line(items, sold[event_id], returned[site, sold[event_id]["order_id"], item_id])
            for (event_id,), items in bought.items()
        ]
        pieces, back, gross, refunded = (sum(total[i] for total in totals) for i in range(4))
        found.append(
            {
                "site": site,
                "event_date": day,
                "item_id": item_id,
                "currency": currency,
                **{n: _newest(of_item, n) for n in ("item_name", "item_brand", "item_category")},
                "list_views": seen["view_item_list"],
                "selections": seen["select_item"],
                "item_views": seen["view_item"],
                "pieces_to_cart": sum(i["quantity"] for r, i in of_item if r["event_name"] == "add_to_cart"),
                "orders": len(bought),
                "pieces_sold": pieces,
                "pieces_refunded": back,
                "gross_revenue": gross,
                "refunded": refunded,
                "revenue": gross - refunded,
            }
        )
    return found


def _line(items: Rows, order: Row, returned: int) -> tuple[int, int, Decimal, Decimal]:
    """Pieces and money of one product in one order: bought, given back, gross, refunded."""
    pieces = sum(item["quantity"] for item in items)
    gross = sum((item["price"] * item["quantity"] for item in items), Decimal(0))
    if (order["value"] and order["refunded"] >= order["value"]) or returned >= pieces:
        return pieces, pieces, gross, gross
    return pieces, returned, gross, min(gross, returned * max(item["price"] for item in items))


def _product(item: Row) -> str:
    return str(item["item_id"] or item["item_name"] or "")


def _newest(of_item: list[tuple[Row, Row]], name: str) -> Any:
    named = [
        (row["event_at"], row["event_id"], item[name]) for row, item in of_item if item[name] is not None
    ]
    return max(named)[2] if named else None


def baskets(delivered: Rows) -> Rows:
    people = {(row["site"], row["visitor_id"], row["session_id"]) for row in of_people(delivered)}
    pairs: Counter[tuple[str, str, str]] = Counter()
    single: Counter[tuple[str, str]] = Counter()
    names: dict[tuple[str, str], tuple[Any, ...]] = {}
    for order in orders(delivered):
        if (order["site"], order["visitor_id"], order["session_id"]) not in people:
            continue
        held = {_product(item): item["item_name"] for item in order["items"] or [] if _product(item)}
        for item_id, item_name in held.items():
            named = order["event_at"], order["order_id"], item_name
            names[order["site"], item_id] = max(names.get((order["site"], item_id), named), named)
        single.update((order["site"], item) for item in held)
        pairs.update((order["site"], a, b) for a in held for b in held if a != b)
    return [
        {
            "site": site,
            "item_a": a,
            "name_a": names[site, a][2],
            "item_b": b,
            "name_b": names[site, b][2],
            "orders": count,
            "share_of_a": count / single[site, a],
        }
        for (site, a, b), count in pairs.items()
    ]


def search_terms(delivered: Rows) -> Rows:
    by_session = {(row["site"], row["visitor_id"], row["session_id"]): row for row in of_people(delivered)}
    found: dict[tuple[Any, ...], Rows] = defaultdict(list)
    for row in events(delivered):
        session = by_session.get((row["site"], row["visitor_id"], row["session_id"]))
        if row["event_name"] == "search" and row["search_term"] is not None and session:
            found[row["site"], row["event_date"], " ".join(row["search_term"].split()).lower()].append(
                session
            )
    return [
        {
            "site": site,
            "event_date": day,
            "search_term": term,
            "searches": len(of_term),
            "sessions": len({row["session_id"] for row in of_term}),
            "sessions_with_cart": len({row["session_id"] for row in of_term if row["cart_adds"]}),
            "sessions_with_order": len({row["session_id"] for row in of_term if row["orders"]}),
        }
        for (site, day, term), of_term in found.items()
    ]
