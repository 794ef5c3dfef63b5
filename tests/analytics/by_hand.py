"""Every view again, in plain Python over the rows as they were delivered. Shares nothing with the SQL."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Rows = list[Row]
EXTERNAL = ("Direct", "Unassigned")


def events(delivered: Rows) -> Rows:
    into = {
        (row["site"], row["visitor_id"], row["merged_session_id"]): row["session_id"]
        for row in delivered
        if row["event_name"] == "session_merge"
    }
    first: dict[tuple[str, str, str], Row] = {}
    for row in delivered:
        if row["event_name"] != "session_merge":
            key = (row["site"], row["visitor_id"], row["event_id"])
            if key not in first or row["raw_sequence"] < first[key]["raw_sequence"]:
                first[key] = row
    found = []
    for row in first.values():
        session = row["session_id"]
        while (row["site"], row["visitor_id"], session) in into:
            session = into[row["site"], row["visitor_id"], session]
        found.append(row | {"session_id": session, "written_session_id": row["session_id"]})
    return sorted(found, key=_order)


def _order(row: Row) -> tuple[Any, ...]:
    return row["event_at"], row["raw_sequence"], row["session_event_index"], row["event_id"]


def orders(delivered: Rows) -> Rows:
    first: dict[tuple[str, str], Row] = {}
    for row in events(delivered):
        if row["event_name"] == "purchase":
            order = row["transaction_id"] or row["event_id"]
            first.setdefault((row["site"], order), row | {"order_id": order})
    return list(first.values())


def sessions(delivered: Rows) -> Rows:
    bought = _grouped(orders(delivered), "site", "visitor_id", "session_id")
    return [
        _session(key, of_session, bought.get(key, []))
        for key, of_session in _grouped(events(delivered), "site", "visitor_id", "session_id").items()
    ]


def _session(key: tuple[Any, ...], rows: Rows, bought: Rows) -> Row:
    names = Counter(row["event_name"] for row in rows)
    pages = [row["page_path"] for row in rows if row["event_name"] == "page_view"]
    touch = next((row for row in rows if row["channel"] is not None), None)
    first = rows[0]
    cart = sum(
        {"add_to_cart": 1, "remove_from_cart": -1}.get(row["event_name"], 0) * (row["value"] or 0)
        for row in rows
    )
    users = [row["user_id"] for row in rows if row["user_id"]]
    bots = [row["bot_name"] for row in rows if row["bot_name"]]
    return {
        "site": key[0],
        "visitor_id": key[1],
        "session_id": key[2],
        "visitor_kind": first["visitor_kind"],
        "user_id": max(users) if users else None,
        "started_at": first["event_at"],
        "ended_at": rows[-1]["event_at"],
        "seconds": (rows[-1]["event_at"] - first["event_at"]).total_seconds(),
        "session_date": first["event_date"],
        "events": len(rows),
        "page_views": names["page_view"],
        "item_views": names["view_item"],
        "cart_adds": names["add_to_cart"],
        "checkouts": names["begin_checkout"],
        "payments": names["add_payment_info"],
        "searches": names["search"],
        "cart_value": cart,
        "orders": len(bought),
        "revenue": sum(row["value"] or 0 for row in bought),
        "is_bounce": names["page_view"] <= 1
        and names["view_item"] <= 1
        and not any(names[name] for name in ("add_to_cart", "begin_checkout", "purchase", "search")),
        "entry_path": pages[0] if pages else None,
        "exit_path": pages[-1] if pages else None,
        "channel": touch["channel"] if touch else "Unassigned",
        "source": (touch["utm_source"] or touch["referrer_source"]) if touch else None,
        "medium": (touch["utm_medium"] or touch["referrer_medium"]) if touch else None,
        "campaign": touch["utm_campaign"] if touch else None,
        "device_class": first["device_class"] or "other",
        **{
            name: first[name] for name in ("browser_name", "os_name", "geo_country", "geo_region", "geo_city")
        },
        "bot_name": max(bots) if bots else None,
        "is_bot": any(row["is_bot"] for row in rows),
        "has_late_events": any(row["is_late"] for row in rows),
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
    for rows in _grouped(events(delivered), "site", "visitor_id", "session_id").values():
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
        not_direct = [visit for visit in touches if visit["channel"] not in EXTERNAL]
        last = (not_direct or touches)[-1]
        row = {
            "site": order["site"],
            "order_id": order["order_id"],
            "order_date": order["event_date"],
            "ordered_at": at,
        }
        row |= {"revenue": order["value"], "touches": len(touches)}
        for name in ("channel", "source", "medium", "campaign"):
            row |= {f"first_{name}": touches[0][name], f"last_{name}": last[name]}
        found.append(row)
    return found


def products(delivered: Rows) -> Rows:
    counted = {row["event_id"] for row in orders(delivered)}
    lines: dict[tuple[Any, ...], list[tuple[Row, Row]]] = defaultdict(list)
    for row in events(delivered):
        if row["is_bot"] or (row["event_name"] == "purchase" and row["event_id"] not in counted):
            continue
        for item in row["items"] or []:
            lines[row["site"], row["event_date"], item["item_id"]].append((row, item))
    found = []
    for (site, day, item_id), of_item in lines.items():
        names = Counter(row["event_name"] for row, _ in of_item)
        sold = [(row, item) for row, item in of_item if row["event_name"] == "purchase"]
        found.append(
            {
                "site": site,
                "event_date": day,
                "item_id": item_id,
                **{
                    n: max(item[n] for _, item in of_item)
                    for n in ("item_name", "item_brand", "item_category")
                },
                "list_views": names["view_item_list"],
                "selections": names["select_item"],
                "item_views": names["view_item"],
                "pieces_to_cart": sum(i["quantity"] for r, i in of_item if r["event_name"] == "add_to_cart"),
                "orders": len({row["event_id"] for row, _ in sold}),
                "pieces_sold": sum(item["quantity"] for _, item in sold),
                "revenue": sum((i["price"] - (i["discount"] or 0)) * i["quantity"] for _, i in sold),
            }
        )
    return found


def baskets(delivered: Rows) -> Rows:
    pairs: Counter[tuple[str, str, str]] = Counter()
    single: Counter[tuple[str, str]] = Counter()
    names: dict[str, str] = {}
    for order in orders(delivered):
        held = {item["item_id"]: item["item_name"] for item in order["items"] or []}
        names |= held
        single.update((order["site"], item) for item in held)
        pairs.update((order["site"], a, b) for a in held for b in held if a != b)
    return [
        {
            "site": site,
            "item_a": a,
            "name_a": names[a],
            "item_b": b,
            "name_b": names[b],
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
            found[row["site"], row["event_date"], row["search_term"].strip().lower()].append(session)
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
    names = ("site", "session_date", "channel", "device_class")
    wanted = [row for row in _people(delivered) if row["cart_adds"] or row["checkouts"]]
    return [
        dict(zip(names, key, strict=True))
        | {
            "carts": sum(1 for row in rows if row["cart_adds"]),
            "carts_abandoned": sum(1 for row in rows if row["cart_adds"] and not row["orders"]),
            "checkouts": sum(1 for row in rows if row["checkouts"]),
            "checkouts_abandoned": sum(1 for row in rows if row["checkouts"] and not row["orders"]),
            "value_abandoned": sum(
                row["cart_value"] for row in rows if row["cart_adds"] and not row["orders"]
            ),
        }
        for key, rows in _grouped(wanted, *names).items()
    ]


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
            **{name: sum(row[name] for row in rows) for name in ("events", "orders", "revenue")},
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
