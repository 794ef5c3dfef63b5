"""The Iceberg tables and their columns, by the contract and the views."""

from functools import cache

from analytics.queries import contract
from analytics.tables.model import Table
from schemas import json_file


def _events() -> dict[str, str]:
    kinds = {column["name"]: column["type"] for column in json_file("enriched.columns.json")["columns"]}
    columns = {name: kinds[name] for name in contract() if name != "merged_session_id"}
    return columns | {"written_session_id": "string", "dt": "string", "hour": "int"}


@cache
def tables() -> dict[str, Table]:
    """All of them by name."""
    events = _events()
    money = "decimal(38,4)"
    orders = events | {"order_id": "string", "gross_revenue": money, "refunded": money, "revenue": money}
    refunds = {
        name: "string" if name == "order_id" else events[name]
        for name in (
            *(
                "site",
                "order_id",
                "event_id",
                "visitor_id",
                "raw_sequence",
                "event_at",
                "event_date",
                "currency",
            ),
            *("value", "items", "dt", "hour"),
        )
    }
    keys = {"site": "string", "visitor_id": "string"}
    merges = keys | {"merged_session_id": "string", "session_id": "string", "event_date": "date"}
    changed = keys | {"event_date": "date", "dt": "string", "hour": "int"}
    made = (
        Table("session_merges", merges, "event_date"),
        Table("events", events, "event_date"),
        Table("refunds", refunds, None),
        Table("orders", orders, "event_date"),
        Table("sessions", SESSIONS, "session_date"),
        Table("retention", RETENTION, None),
        Table("baskets", BASKETS, None),
        Table("changed_visitors", changed, None),
        Table(
            "known_copies", {n: events[n] for n in ("site", "event_id", "raw_sequence", "event_date")}, None
        ),
        Table("filled_hours", {"dt": "string", "hour": "int"}, None),
        Table("separations", SEPARATIONS, None),
        Table("erased_ids", ERASED, None),
    )
    return {table.name: table for table in made}


ERASED = {"id_hash": "string", "erased_at": "timestamp"}
"""What `rastro erase` took out: SHA-256 of a visitor_id, or of visitor_id/user_id, upper case hexadecimal. Rows
received until that moment are never taken in again. A visitor id has 122 random bits: the hash leads nobody back."""

SEPARATIONS = {
    **dict.fromkeys(("site", "visitor_id", "user_id"), "string"),
    "separated_at": "timestamp",
    "reason": "string",
}
"""Pairs of visitor and account that the operator keeps apart: no join of them is made (docs/identity.md)."""

_COUNTS = dict.fromkeys(
    ("events", "page_views", "item_views", "cart_adds", "checkouts", "payments", "searches"), "bigint"
)
SESSIONS = {
    **dict.fromkeys(("site", "visitor_id", "session_id", "visitor_kind", "user_id"), "string"),
    "accounts": "array<struct<user_id:string,first_at:timestamp,last_at:timestamp,events:bigint>>",
    "started_at": "timestamp",
    "ended_at": "timestamp",
    "seconds": "double",
    "session_date": "date",
    **_COUNTS,
    "currency": "string",
    "cart_pieces": "bigint",
    "cart_value": "decimal(38,4)",
    "orders": "bigint",
    "orders_in_currency": "bigint",
    **dict.fromkeys(("gross_revenue", "refunded", "revenue"), "decimal(38,4)"),
    "is_bounce": "boolean",
    **dict.fromkeys(("entry_path", "exit_path", "channel", "source", "medium", "campaign"), "string"),
    "has_source": "boolean",
    **dict.fromkeys(
        ("device_class", "browser_name", "os_name", "geo_country", "geo_region", "geo_city", "bot_name"),
        "string",
    ),
    "is_bot": "boolean",
    "has_late_events": "boolean",
}
RETENTION = {
    "site": "string",
    "cohort_week": "date",
    "weeks_later": "bigint",
    **dict.fromkeys(("cohort_visitors", "visitors", "buyers"), "bigint"),
    "share": "double",
}
BASKETS = {
    **dict.fromkeys(("site", "item_a", "name_a", "item_b", "name_b"), "string"),
    "orders": "bigint",
    "share_of_a": "double",
}
