"""Rows as they were delivered, and the events among them: merges followed, copies left out."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

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


def grouped(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], Rows]:
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
