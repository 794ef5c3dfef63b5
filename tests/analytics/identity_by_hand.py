"""The views of identity again, in plain Python over the rows as they were delivered. Shares nothing with the SQL."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from tests.analytics.by_hand import Row, Rows, events, orders, sessions

MOST_VISITORS = 20


def stretches(rows: Rows) -> Rows:
    """A session's events (in their order) cut where another account is named."""
    named = [row for row in rows if row["user_id"]]
    return [
        {
            "user_id": user,
            "first_at": own[0]["event_at"],
            "last_at": own[-1]["event_at"],
            "events": len(own),
        }
        for user, found in groupby(named, key=lambda row: row["user_id"])
        for own in [list(found)]
    ]


def _visits(delivered: Rows) -> Rows:
    of_session: dict[tuple[Any, ...], Rows] = defaultdict(list)
    for row in events(delivered):
        of_session[row["site"], row["visitor_id"], row["session_id"]].append(row)
    return [
        visit | {"accounts": stretches(of_session[visit["site"], visit["visitor_id"], visit["session_id"]])}
        for visit in sessions(delivered)
        if not visit["is_bot"]
    ]


def identity_edges(delivered: Rows) -> Rows:
    return edges_of(_visits(delivered))


def edges_of(visits: Rows, apart: frozenset[tuple[str, str, str]] = frozenset()) -> Rows:
    seen: dict[tuple[str, str, str], list[tuple[str, Row]]] = defaultdict(list)
    for visit in visits:
        if visit["visitor_kind"] == "cookie":
            for span in visit["accounts"] or ():
                seen[visit["site"], visit["visitor_id"], span["user_id"]].append((visit["session_id"], span))
    return [
        {
            "site": site,
            "visitor_id": visitor,
            "user_id": user,
            "first_at": min(span["first_at"] for _, span in spans),
            "last_at": max(span["last_at"] for _, span in spans),
            "sessions": len({session for session, _ in spans}),
            "events": sum(span["events"] for _, span in spans),
            "accounts_of_visitor": sum(key[:2] == (site, visitor) for key in seen),
            "visitors_of_account": sum((key[0], key[2]) == (site, user) for key in seen),
            "is_separated": (site, visitor, user) in apart,
        }
        for (site, visitor, user), spans in seen.items()
    ]


def people(delivered: Rows) -> Rows:
    return people_of(_visits(delivered), identity_edges(delivered))


def people_of(visits: Rows, edges: Rows) -> Rows:
    edges_by_visitor: dict[tuple[str, str], Rows] = defaultdict(list)
    for edge in edges:
        edges_by_visitor[edge["site"], edge["visitor_id"]].append(edge)
    return [
        row
        for visit in visits
        for row in _of_visit(visit, edges_by_visitor[visit["site"], visit["visitor_id"]])
    ]


def _of_visit(visit: Row, edges: Rows) -> Rows:
    spans = visit["accounts"] if visit["visitor_kind"] == "cookie" else []
    starts = [visit["started_at"], *(span["first_at"] for span in (spans or ())[1:])]
    found = []
    for number, start in enumerate(starts):
        user, rule = _rule(visit, spans[number]["user_id"] if spans else None, edges)
        found.append(
            {
                "site": visit["site"],
                "person_id": f"user:{user}" if user else f"visitor:{visit['visitor_id']}",
                "visitor_id": visit["visitor_id"],
                "user_id": user,
                "session_id": visit["session_id"],
                "session_date": visit["session_date"],
                "valid_from": start,
                "valid_to": starts[number + 1] if number + 1 < len(starts) else None,
                "rule": rule,
            }
        )
    return found


def _rule(visit: Row, signed_in: str | None, edges: Rows) -> tuple[str | None, str]:
    if visit["visitor_kind"] != "cookie":
        return None, "cookieless"
    if signed_in:
        (edge,) = [edge for edge in edges if edge["user_id"] == signed_in]
        return (None, "separated") if edge["is_separated"] else (signed_in, "signed_in")
    if len(edges) == 1 and not edges[0]["is_separated"] and edges[0]["visitors_of_account"] <= MOST_VISITORS:
        return edges[0]["user_id"], "only_account"
    why = {0: "no_account", 1: "separated" if edges and edges[0]["is_separated"] else "crowded_account"}
    return None, why.get(len(edges), "several_accounts")


def visitors(delivered: Rows) -> Rows:
    grouped: dict[tuple[str, str], Rows] = defaultdict(list)
    for visit in _visits(delivered):
        grouped[visit["site"], visit["visitor_id"]].append(visit)
    return [_visitor(*key, sorted(own, key=_begun)) for key, own in grouped.items()]


def _begun(visit: Row) -> tuple[Any, ...]:
    return visit["started_at"], visit["session_id"]


def _visitor(site: str, visitor: str, visits: Rows) -> Row:
    first = visits[0]
    # the last that came from somewhere; of two that began at once the smaller id
    named = [visit for visit in visits if visit["has_source"]]
    last = min(named, key=lambda v: (-v["started_at"].timestamp(), v["session_id"])) if named else first
    bought = [visit for visit in visits if visit["orders"]]
    bought.sort(key=lambda visit: (visit["started_at"], visit["currency"] or ""))
    currency = bought[0]["currency"] if bought else None
    same = [visit for visit in bought if visit["currency"] == currency]
    return {
        "site": site,
        "visitor_id": visitor,
        "visitor_kind": first["visitor_kind"],
        "first_seen_at": first["started_at"],
        "last_seen_at": max(visit["ended_at"] for visit in visits),
        "first_date": min(visit["session_date"] for visit in visits),
        "last_date": max(visit["session_date"] for visit in visits),
        "sessions": len(visits),
        "first_session_id": first["session_id"],
        "first_landing": first["entry_path"],
        **{f"first_{name}": first[name] for name in ("channel", "source", "medium", "campaign")},
        **{f"last_{name}": last[name] for name in ("channel", "source", "medium", "campaign")},
        "accounts": len({span["user_id"] for visit in visits for span in visit["accounts"]}),
        "orders": sum(visit["orders"] for visit in visits),
        "currency": currency,
        "orders_in_currency": sum(visit["orders_in_currency"] for visit in same),
        **{
            name: sum((visit[name] for visit in same), Decimal(0))
            for name in ("gross_revenue", "refunded", "revenue")
        },
    }


def touches(delivered: Rows) -> Rows:
    visits = {(v["site"], v["visitor_id"], v["session_id"]): v for v in _visits(delivered)}
    whose = people(delivered)
    of_person: dict[tuple[str, str], dict[tuple[Any, ...], Row]] = defaultdict(dict)
    for row in whose:
        key = row["site"], row["visitor_id"], row["session_id"]
        of_person[row["site"], row["person_id"]][key] = visits[key]
    found = []
    for order in orders(delivered):
        for row in whose:
            at = order["event_at"]
            if all(row[n] == order[n] for n in ("site", "visitor_id", "session_id")) and (
                row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"])
            ):
                own = of_person[row["site"], row["person_id"]].values()
                found += _shared(order, row["person_id"], sorted(own, key=_begun))
    return found


def _shared(order: Row, person: str, visits: Rows) -> Rows:
    at = order["event_at"]
    own = [visit for visit in visits if at - timedelta(days=30) <= visit["started_at"] <= at]
    counted = [visit for visit in own if visit["has_source"]] or own
    found = []
    for position, visit in enumerate(own, start=1):
        nth = next((n for n, one in enumerate(counted, start=1) if one is visit), 0)
        n = len(counted)
        middle = 0.4 if nth in (1, n) else 0.2 / max(1, n - 2)
        shares = {
            "first_share": float(position == 1),
            "last_share": float(nth == n),
            "linear_share": 1 / n if nth else 0.0,
            "position_share": 0.0 if not nth else (1 / n if n <= 2 else middle),
        }
        found.append(
            {
                "site": order["site"],
                "person_id": person,
                "order_id": order["order_id"],
                "ordered_at": at,
                "order_date": order["event_date"],
                "position": position,
                "touches": len(own),
                "days_before": round((at - visit["started_at"]).total_seconds() / 86_400, 3),
                **{n: visit[n] for n in ("visitor_id", "session_id", "started_at", "has_source")},
                **{n: visit[n] for n in ("channel", "source", "medium", "campaign")},
                **shares,
                "currency": order["currency"],
                **{
                    name.replace("share", "revenue"): float(order["revenue"]) * share
                    for name, share in shares.items()
                },
            }
        )
    return found


def new_and_returning(delivered: Rows) -> Rows:
    first = {(v["site"], v["visitor_id"]): v["first_session_id"] for v in visitors(delivered)}
    grouped: dict[tuple[Any, ...], Rows] = defaultdict(list)
    for visit in _visits(delivered):
        kind = "new" if first[visit["site"], visit["visitor_id"]] == visit["session_id"] else "returning"
        kind = kind if visit["visitor_kind"] == "cookie" else "unknown"
        key = tuple(visit[n] for n in ("site", "session_date", "channel", "device_class", "currency"))
        grouped[*key, kind].append(visit)
    return [
        dict(
            zip(("site", "session_date", "channel", "device_class", "currency", "visitor"), key, strict=True)
        )
        | {
            "sessions": len(own),
            "visitors": len({visit["visitor_id"] for visit in own}),
            "orders": sum(visit["orders"] for visit in own),
            "revenue": sum((visit["revenue"] for visit in own), Decimal(0)),
        }
        for key, own in grouped.items()
    ]
