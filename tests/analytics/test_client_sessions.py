"""The report that puts the clients' own sessions beside ours, on a small history drawn by hand."""

import json
from pathlib import Path
from typing import Any

from analytics.duckdb_lake import Lake
from analytics.queries import report
from tests.analytics import flow

Row = dict[str, Any]


def event(
    number: int,
    at: str,
    visitor: str,
    ours: str,
    theirs: str | None,
    *,
    day: str = "21",
    source: str | None = None,
) -> Row:
    return {
        "event_id": f"{number:08d}-0000-8000-8000-000000000000",
        "site": "loja",
        "event_name": "page_view",
        "received_at": f"2026-11-{day}T{at}:00.000Z",
        "visitor_id": visitor,
        "raw_sequence": f"{number:056d}",
        "session_id": ours,
        "event_at": f"2026-11-{day}T{at}:00.000Z",
        "event_date": f"2026-11-{day}",
        "is_bot": False,
        "utm_source": source,
        "properties": None if theirs is None else json.dumps({"ga_session_id": theirs}),
    }


HISTORY = [
    # visitor a is equal on both sides
    event(1, "10:00", "a", "s1", "1"),
    event(2, "10:10", "a", "s1", "1"),
    # b: theirs goes on after an hour, ours does not
    event(3, "10:00", "b", "s2", "1"),
    event(4, "11:10", "b", "s3", "1"),
    # c: ours was cut without a pause
    event(5, "10:00", "c", "s4", "1"),
    event(6, "10:05", "c", "s5", "1"),
    # d: theirs was cut by a campaign
    event(7, "10:00", "d", "s6", "1"),
    event(8, "10:05", "d", "s6", "2", source="news"),
    # e: theirs was cut, nothing says why
    event(9, "10:00", "e", "s7", "1"),
    event(10, "10:05", "e", "s7", "2"),
    # f: an event without an id of theirs makes ours longer
    event(11, "10:00", "f", "s8", "1"),
    event(12, "10:05", "f", "s8", None),
    # g: theirs was cut at midnight; the second half lies on the next day
    event(13, "23:55", "g", "s9", "1"),
    event(14, "00:05", "g", "s9", "2", day="22"),
]


def test_the_report_counts_both_sides_and_why_they_differ(tmp_path: Path) -> None:
    lake = Lake(flow.write_parquet(HISTORY, tmp_path))

    first, second = lake.rows(report("client_sessions").sql)

    lake.close()
    assert (first["site"], first["client"], str(first["event_date"])) == ("loja", "google", "2026-11-21")
    counts = {
        name: int(value) for name, value in first.items() if name not in {"site", "client", "event_date"}
    }
    assert counts == {
        "their_sessions": 9,
        "our_sessions": 9,
        "equal_sessions": 1,
        "split_at_pause": 1,
        "split_otherwise": 1,
        "joined_at_campaign": 1,
        "joined_at_midnight": 0,
        "joined_otherwise": 1,
    }
    assert (second["joined_at_midnight"], second["their_sessions"], second["our_sessions"]) == (1, 1, 1)
