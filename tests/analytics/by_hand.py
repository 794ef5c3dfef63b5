"""Every view again, in plain Python over the rows as they were delivered. Shares nothing with the SQL."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from enrich_consumer.core.tables.click_ids import CLICK_PARAMETERS

Row = dict[str, Any]
Rows = list[Row]


def events(delivered: Rows) -> Rows:
    into: dict[tuple[str, str, str], str] = {}
    for row in delivered:
        if row["event_name"] == "session_merge" and row["merged_session_id"] and row["session_id"]:
            key = row["site"], row["visitor_id"], row["merged_session_id"]
            into[key] = min(into.get(key, row["session_id"]), row["session_id"])
    first: dict[tuple[str, str], Row] = {}
    for row in delivered:
        if row["event_name"] != "session_merge":
            of_event = row["site"], row["event_id"]
            if of_event not in first or row["raw_sequence"] < first[of_event]["raw_sequence"]:
                first[of_event] = row
    found = []
    for row in first.values():
        session = row["session_id"]
        while (row["site"], row["visitor_id"], session) in into:
            session = into[row["site"], row["visitor_id"], session]
        day = row["event_date"] or row["event_at"].date()
        found.append(
            row | {"session_id": session, "written_session_id": row["session_id"], "event_date": day}
        )
    return sorted(found, key=_order)


def _order(row: Row) -> tuple[Any, ...]:
    return row["event_at"], row["raw_sequence"], row["session_event_index"], row["event_id"]


def refunds(delivered: Rows) -> Rows:
    names = ("site", "event_id", "visitor_id", "raw_sequence", "event_at", "event_date", "currency", "value")
    return [
        {name: row[name] for name in names}
        | {"order_id": row["transaction_id"], "dt": row["dt"], "hour": row["hour"]}
        for row in events(delivered)
        if row["event_name"] == "refund" and row["transaction_id"]
    ]


def orders(delivered: Rows) -> Rows:
    every = events(delivered)
    first: dict[tuple[str, str], Row] = {}
    for row in every:
        if row["event_name"] == "purchase":
            order = row["transaction_id"] or row["event_id"]
            first.setdefault((row["site"], order), row | {"order_id": order})
    refunds = _grouped([row for row in every if row["event_name"] == "refund"], "site", "transaction_id")
    return [
        row
        | _settled(
            row, refunds.get((row["site"], row["transaction_id"]), []) if row["transaction_id"] else []
        )
        for row in first.values()
    ]


def _settled(order: Row, refunds: Rows) -> Row:
    gross = order["value"] or Decimal(0)
    if any(refund["value"] is None for refund in refunds):
        refunded = gross
    else:
        same = [refund["value"] for refund in refunds if refund["currency"] == order["currency"]]
        refunded = min(gross, sum(same, Decimal(0))) if same else Decimal(0)
    return {"gross_revenue": gross, "refunded": refunded, "revenue": gross - refunded}


def sessions(delivered: Rows) -> Rows:
    bought = _grouped(orders(delivered), "site", "visitor_id", "session_id")
    return [
        _session(key, of_session, bought.get(key, []))
        for key, of_session in _grouped(events(delivered), "site", "visitor_id", "session_id").items()
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


def funnel(delivered: Rows) -> Rows:
    steps = ("session", "view_item", "add_to_cart", "begin_checkout", "add_payment_info", "purchase")
    fields = ("events", "item_views", "cart_adds", "checkouts", "payments", "orders")
    found = []
    groups = _grouped(_people(delivered), "site", "session_date", "channel", "device_class")
    for (site, day, channel, device), of_group in groups.items():
        for number, step in enumerate(steps, start=1):
            came = [row for row in of_group if any(row[field] for field in fields[number - 1 :])]
            dims = {"site": site, "session_date": day, "channel": channel, "device_class": device}
            found.append({**dims, "step_number": number, "step": step, "sessions": len(came)})
    return found


def retention(delivered: Rows) -> Rows:
    with_cookie = [row for row in _people(delivered) if row["visitor_kind"] == "cookie"]
    first: dict[tuple[str, str], date] = {}
    for row in with_cookie:
        key = row["site"], row["visitor_id"]
        first[key] = min(first.get(key, row["session_date"]), row["session_date"])
    cohorts = Counter((site, _monday(day)) for (site, _), day in first.items())
    came: dict[tuple[str, date, int], set[str]] = defaultdict(set)
    bought: dict[tuple[str, date, int], set[str]] = defaultdict(set)
    # visits without the cookie's kind cannot belong to a cookie visitor: the ids are of another form
    for row in _people(delivered):
        if (row["site"], row["visitor_id"]) in first:
            cohort = _monday(first[row["site"], row["visitor_id"]])
            key3 = row["site"], cohort, (_monday(row["session_date"]) - cohort).days // 7
            came[key3].add(row["visitor_id"])
            if row["orders"]:
                bought[key3].add(row["visitor_id"])
    return [
        {
            "site": site,
            "cohort_week": cohort,
            "weeks_later": later,
            "cohort_visitors": cohorts[site, cohort],
            "visitors": len(visitors),
            "buyers": len(bought[site, cohort, later]),
            "share": len(visitors) / cohorts[site, cohort],
        }
        for (site, cohort, later), visitors in came.items()
    ]


def entry_exit_pages(delivered: Rows) -> Rows:
    counts: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in _people(delivered):
        if row["entry_path"]:
            counts[row["site"], row["session_date"], row["entry_path"]].update(
                entries=1, bounces=int(row["is_bounce"])
            )
        if row["exit_path"]:
            counts[row["site"], row["session_date"], row["exit_path"]].update(exits=1)
    return [
        {
            "site": key[0],
            "session_date": key[1],
            "page_path": key[2],
            **{n: c[n] for n in ("entries", "bounces", "exits")},
        }
        for key, c in counts.items()
    ]


def paths(delivered: Rows) -> Rows:
    counts: Counter[tuple[Any, ...]] = Counter()
    for rows in _grouped(events(delivered), "site", "visitor_id", "session_id", "event_date").values():
        pages = [
            row for row in rows if row["event_name"] == "page_view" and not row["is_bot"] and row["page_path"]
        ]
        walk = [
            page for i, page in enumerate(pages) if i == 0 or pages[i - 1]["page_path"] != page["page_path"]
        ]
        for i, page in enumerate(walk[:10]):
            after = walk[i + 1]["page_path"] if i + 1 < len(walk) else "(exit)"
            counts[page["site"], page["event_date"], i + 1, page["page_path"], after] += 1
    names = ("site", "event_date", "step_number", "page_path", "next_path")
    return [dict(zip(names, key, strict=True)) | {"steps": count} for key, count in counts.items()]


def attribution(delivered: Rows) -> Rows:
    visits = _grouped(sessions(delivered), "site", "visitor_id")
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
    people = {(row["site"], row["visitor_id"], row["session_id"]): row for row in _people(delivered)}
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
        for key, of_group in _grouped(rows, *names).items()
    ]


def products(delivered: Rows) -> Rows:
    people = {(row["site"], row["visitor_id"], row["session_id"]) for row in _people(delivered)}
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
        bought = _grouped(
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
    people = {(row["site"], row["visitor_id"], row["session_id"]) for row in _people(delivered)}
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
    by_session = {(row["site"], row["visitor_id"], row["session_id"]): row for row in _people(delivered)}
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


def abandonment(delivered: Rows) -> Rows:
    names = ("site", "session_date", "channel", "device_class", "currency")
    wanted = [row for row in _people(delivered) if row["cart_adds"] or row["checkouts"]]
    return [
        dict(zip(names, key, strict=True))
        | {
            "carts": sum(1 for row in rows if row["cart_adds"]),
            "carts_abandoned": len([row for row in rows if _abandoned(row)]),
            "checkouts": sum(1 for row in rows if row["checkouts"]),
            "checkouts_abandoned": sum(1 for row in rows if row["checkouts"] and not row["orders"]),
            "value_abandoned": sum(row["cart_value"] for row in rows if _abandoned(row)),
        }
        for key, rows in _grouped(wanted, *names).items()
    ]


def _abandoned(row: Row) -> bool:
    return bool(row["cart_adds"] and row["cart_pieces"] and not row["orders"])


def devices(delivered: Rows) -> Rows:
    names = ("site", "session_date", "device_class", "browser_name", "os_name", "is_bot", "bot_name")
    shown = [
        row
        | {
            "browser_name": row["browser_name"] or "unknown",
            "os_name": row["os_name"] or "unknown",
            "bot_name": row["bot_name"] or ("unnamed" if row["is_bot"] else "none"),
        }
        for row in sessions(delivered)
    ]
    return [
        dict(zip(names, key, strict=True))
        | {
            "sessions": len(rows),
            "visitors": len({row["visitor_id"] for row in rows}),
            **{name: sum(row[name] for row in rows) for name in ("events", "orders")},
        }
        for key, rows in _grouped(shown, *names).items()
    ]


def data_quality(delivered: Rows, refused: Rows) -> Rows:
    tests: dict[str, Callable[[Row], bool]] = {
        "late": lambda row: row["is_late"],
        "time_suspect": lambda row: row["is_time_suspect"],
        "cookieless": lambda row: row["visitor_kind"] == "cookieless",
        "bots": lambda row: row["is_bot"],
        "with_enrich_errors": lambda row: bool(row["enrich_errors"]),
        "without_page": lambda row: row["page_url"] is None,
        "without_country": lambda row: row["geo_country"] is None,
        "orders_without_id": lambda row: row["event_name"] == "purchase" and row["transaction_id"] is None,
        "orders_without_value": lambda row: row["event_name"] == "purchase" and row["value"] is None,
    }
    written = _grouped(delivered, "site", "dt")
    kept = _grouped(events(delivered), "site", "dt")
    out = Counter((row["site"] or "(unknown)", row["dt"]) for row in refused)
    found = []
    for key in written.keys() | out.keys():
        merges = sum(1 for row in written.get(key, []) if row["event_name"] == "session_merge")
        total = len(written.get(key, [])) - merges
        rows = kept.get(key, [])
        counts = {name: sum(1 for row in rows if test(row)) for name, test in tests.items()}
        row = {
            "site": key[0],
            "dt": key[1],
            "rows_written": total,
            "events": len(rows),
            "copies": total - len(rows),
        }
        found.append(row | {"merges": merges, **counts, "rejected": out[key]})
    return found


def rejections(refused: Rows) -> Rows:
    names = ("site", "dt", "stage", "reason")
    shown = [row | {"site": row["site"] or "(unknown)"} for row in refused]
    return [
        dict(zip(names, key, strict=True))
        | {"rejected": len(rows), "example": max(row["detail"] for row in rows)}
        for key, rows in _grouped(shown, *names).items()
    ]


def _people(delivered: Rows) -> Rows:
    return [row for row in sessions(delivered) if not row["is_bot"]]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _grouped(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], Rows]:
    groups: dict[tuple[Any, ...], Rows] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return dict(groups)


def as_delivered(line: Row, columns: Iterable[tuple[str, str]]) -> Row:
    """A JSON line of the enriched stream with the values that its columns have in the lake."""
    row = {name: _value(line.get(name), kind) for name, kind in columns}
    return row | {"dt": row["received_at"].strftime("%Y-%m-%d"), "hour": row["received_at"].hour}


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "timestamp":
        return datetime.fromisoformat(value).replace(tzinfo=None)
    if kind == "date":
        return date.fromisoformat(value)
    if kind.startswith("decimal"):
        return Decimal(str(value)).quantize(Decimal("0.0001"))
    if kind.startswith("array<struct"):
        fields = [field.split(":")[0] for field in re.sub(r"\(.*?\)", "", kind[13:-2]).split(",")]
        money = ("price", "discount")
        return [
            {name: _value(item.get(name), "decimal" if name in money else "") for name in fields}
            for item in value
        ]
    return value
