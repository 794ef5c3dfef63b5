"""How good the data are."""

from collections import Counter
from collections.abc import Callable

from tests.analytics.by_hand.delivered import Row, Rows, events, grouped

TESTS: dict[str, Callable[[Row], bool]] = {
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


def data_quality(delivered: Rows, refused: Rows) -> Rows:
    written = grouped(delivered, "site", "dt")
    delivered_rows = grouped(events(delivered), "site", "dt")
    out = Counter((row["site"] or "(unknown)", row["dt"]) for row in refused)
    found = []
    for key in written.keys() | out.keys():
        merges = sum(1 for row in written.get(key, []) if row["event_name"] == "session_merge")
        total = len(written.get(key, [])) - merges
        rows = delivered_rows.get(key, [])
        counts = {name: sum(1 for row in rows if test(row)) for name, test in TESTS.items()}
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
        for key, rows in grouped(shown, *names).items()
    ]
