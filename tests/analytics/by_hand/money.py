"""What orders brought, and which sessions led to them."""

from datetime import timedelta

from tests.analytics.by_hand.delivered import Rows, grouped
from tests.analytics.by_hand.orders import orders
from tests.analytics.by_hand.sessions import of_people, sessions


def attribution(delivered: Rows) -> Rows:
    visits = grouped(sessions(delivered), "site", "visitor_id")
    found = []
    for order in orders(delivered):
        at = order["event_at"]
        touches = [
            visit
            for visit in visits[order["site"], order["visitor_id"]]
            if at - timedelta(days=30) <= visit["started_at"] <= at
        ]
        touches.sort(key=lambda visit: (visit["started_at"], visit["session_id"]))
        not_direct = [visit for visit in touches if visit["has_source"]]
        last = (not_direct or touches)[-1]
        row = {
            "site": order["site"],
            "order_id": order["order_id"],
            "order_date": order["event_date"],
            "ordered_at": at,
        }
        row |= {name: order[name] for name in ("currency", "gross_revenue", "refunded", "revenue")}
        row |= {"is_bot": bool(order["is_bot"]), "touches": len(touches)}
        for name in ("channel", "source", "medium", "campaign"):
            row |= {f"first_{name}": touches[0][name], f"last_{name}": last[name]}
        found.append(row)
    return found


def revenue(delivered: Rows) -> Rows:
    people = {(row["site"], row["visitor_id"], row["session_id"]): row for row in of_people(delivered)}
    shared = ("channel", "source", "medium", "campaign", "device_class", "geo_country", "geo_region")
    rows = []
    for order in orders(delivered):
        visit = people.get((order["site"], order["visitor_id"], order["session_id"]))
        if visit:
            rows.append(order | {"order_date": order["event_date"]} | {name: visit[name] for name in shared})
    names = ("site", "order_date", "currency", *shared)
    return [
        dict(zip(names, key, strict=True))
        | {"orders": len(of_group)}
        | {n: sum(row[n] for row in of_group) for n in ("gross_revenue", "refunded", "revenue")}
        for key, of_group in grouped(rows, *names).items()
    ]
