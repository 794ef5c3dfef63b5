"""What is counted of people's sessions: steps, pages, weeks, carts, devices."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

from tests.analytics.by_hand.delivered import Row, Rows, events, grouped
from tests.analytics.by_hand.sessions import of_people, sessions


def funnel(delivered: Rows) -> Rows:
    steps = ("session", "view_item", "add_to_cart", "begin_checkout", "add_payment_info", "purchase")
    fields = ("events", "item_views", "cart_adds", "checkouts", "payments", "orders")
    found = []
    groups = grouped(of_people(delivered), "site", "session_date", "channel", "device_class")
    for (site, day, channel, device), of_group in groups.items():
        for number, step in enumerate(steps, start=1):
            came = [row for row in of_group if any(row[field] for field in fields[number - 1 :])]
            dims = {"site": site, "session_date": day, "channel": channel, "device_class": device}
            found.append({**dims, "step_number": number, "step": step, "sessions": len(came)})
    return found


def retention(delivered: Rows) -> Rows:
    with_cookie = [row for row in of_people(delivered) if row["visitor_kind"] == "cookie"]
    first: dict[tuple[str, str], date] = {}
    for row in with_cookie:
        key = row["site"], row["visitor_id"]
        first[key] = min(first.get(key, row["session_date"]), row["session_date"])
    cohorts = Counter((site, _monday(day)) for (site, _), day in first.items())
    came: dict[tuple[str, date, int], set[str]] = defaultdict(set)
    bought: dict[tuple[str, date, int], set[str]] = defaultdict(set)
    # visits without the cookie's kind cannot belong to a cookie visitor: the ids are of another form
    for row in of_people(delivered):
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
    for row in of_people(delivered):
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
    for rows in grouped(events(delivered), "site", "visitor_id", "session_id", "event_date").values():
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


def abandonment(delivered: Rows) -> Rows:
    names = ("site", "session_date", "channel", "device_class", "currency")
    wanted = [row for row in of_people(delivered) if row["cart_adds"] or row["checkouts"]]
    return [
        dict(zip(names, key, strict=True))
        | {
            "carts": sum(1 for row in rows if row["cart_adds"]),
            "carts_abandoned": len([row for row in rows if _abandoned(row)]),
            "checkouts": sum(1 for row in rows if row["checkouts"]),
            "checkouts_abandoned": sum(1 for row in rows if row["checkouts"] and not row["orders"]),
            "value_abandoned": sum(row["cart_value"] for row in rows if _abandoned(row)),
        }
        for key, rows in grouped(wanted, *names).items()
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
        for key, rows in grouped(shown, *names).items()
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
