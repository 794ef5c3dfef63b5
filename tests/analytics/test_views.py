"""Each view on DuckDB gives what plain Python finds in the same rows."""

import json
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics import VIEWS
from analytics.duckdb_lake import Lake, enriched_columns
from rastro.synthetic_shop import plan
from tests.analytics import by_hand, flow, identity_by_hand

NOW = 1_795_296_000_000  # 2026-11-21T21:20Z
DAY = 86_400_000
Row = dict[str, Any]

WITH_REJECTED = {"data_quality": by_hand.data_quality}
FROM_EVENTS: dict[str, Callable[[list[Row]], list[Row]]] = {
    "refunds": by_hand.refunds,
    "orders": by_hand.orders,
    "sessions": by_hand.sessions,
    "funnel": by_hand.funnel,
    "retention": by_hand.retention,
    "entry_exit_pages": by_hand.entry_exit_pages,
    "paths": by_hand.paths,
    "attribution": by_hand.attribution,
    "revenue": by_hand.revenue,
    "products": by_hand.products,
    "baskets": by_hand.baskets,
    "search_terms": by_hand.search_terms,
    "abandonment": by_hand.abandonment,
    "devices": by_hand.devices,
    "visitors": identity_by_hand.visitors,
    "identity_edges": identity_by_hand.identity_edges,
    "people": identity_by_hand.people,
    "touches": identity_by_hand.touches,
    "new_and_returning": identity_by_hand.new_and_returning,
}


def _disturbed(rows: list[Row]) -> list[Row]:
    """What crashes, replays, merges and careless shops add to the rows of an undisturbed run."""
    found = list(rows)
    named = [row for row in rows if row["event_name"] != "session_merge"]
    for number, row in enumerate([row for row in named if row.get("user_id")]):
        if number % 5 == 0:  # somebody else's account at the same browser
            row["user_id"] = f"u-other-{number % 3}"
    found += [dict(row) for row in named[::7]]  # written twice
    for row in named[::11]:  # a copy that outlived the stream's memory: later, in a session of its own
        later = f"{int(row['raw_sequence']) + 10**9:056d}"
        found.append(
            row | {"raw_sequence": later, "session_id": "00000000-0000-8000-8000-000000000000", "value": 1.0}
        )
    for row in [row for row in named if row["event_name"] == "purchase"][:5]:  # the thank-you page again
        found.append(row | {"event_id": "d" + row["event_id"][1:], "session_event_index": 900})
    for row in [row for row in named if row["event_name"] == "purchase"][5:8]:  # a shop without order ids
        row["transaction_id"] = None
    for number, row in enumerate([row for row in named if row["event_name"] == "purchase"][8:14]):
        part = row["value"] and round(row["value"] / 2, 2)  # half, all without an amount, in another currency
        fields = {"value": (part, None, part)[number % 3], "items": row["items"][:1] if number % 2 else None}
        money = {"currency": "JPY"} if number % 3 == 2 else {}
        found.append(row | fields | money | {"event_name": "refund", "event_id": "b" + row["event_id"][1:]})
    return found + _merge_chains(named)


def _merge_chains(named: list[Row]) -> list[Row]:
    """Merge rows that lead over two survivors: the youngest session into the middle one, that into the oldest."""
    ids: dict[str, list[str]] = {}
    for row in sorted(named, key=lambda row: row["event_at"]):
        of_visitor = ids.setdefault(row["visitor_id"], [])
        if row["session_id"] not in of_visitor:
            of_visitor.append(row["session_id"])
    chained = [(visitor, found) for visitor, found in ids.items() if len(found) >= 3][:4]
    assert len(chained) == 4
    example = {row["visitor_id"]: row for row in named}
    merges = []
    for visitor, found in chained:
        for survivor, absorbed in ((found[1], found[2]), (found[0], found[1])):
            row = dict.fromkeys(example[visitor]) | {
                name: example[visitor][name]
                for name in ("site", "visitor_id", "visitor_kind", "received_at", "event_at", "event_date")
            }
            merges.append(
                row
                | {
                    "event_name": "session_merge",
                    "event_id": "e" + absorbed[1:],
                    "raw_sequence": "9" * 56,
                    "session_id": survivor,
                    "merged_session_id": absorbed,
                    "enrich_errors": [],
                }
            )
    return merges


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The lake, the rows delivered to it, and the rejected rows."""
    folder = tmp_path_factory.mktemp("lake")
    days = [flow.run(plan(seed, 1500, now), now) for seed, now in ((3, NOW - DAY), (4, NOW))]
    lines = _disturbed([row for day in days for row in day.rows])
    refused = [row for day in days for row in day.rejected] + [days[0].rejected[0] | {"site": None}]
    columns = [(column.name, column.type) for column in enriched_columns()]
    delivered = [by_hand.as_delivered(line, columns) for line in lines]
    opened = Lake(flow.write_parquet(lines, folder), flow.write_rejected(refused, folder))
    yield opened, delivered, [row | {"dt": row["rejected_at"][:10]} for row in refused]
    opened.close()


def _comparable(rows: list[Row], names: list[str]) -> Counter[str]:
    """Rows as text without their order; numbers of all kinds alike, to nine significant digits."""
    return Counter(json.dumps([_plain(row[name]) for name in names], default=str) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return f"{float(value):.9g}"
    return str(value)


def _check(found: list[Row], wanted: list[Row]) -> None:
    assert wanted, "nothing to compare"
    names = list(wanted[0])
    assert set(names) == set(found[0])
    missing = _comparable(wanted, names) - _comparable(found, names)
    surplus = _comparable(found, names) - _comparable(wanted, names)
    assert (sorted(missing)[:2], sorted(surplus)[:2]) == ([], []), names


@pytest.mark.parametrize("name", FROM_EVENTS)
def test_view(name: str, lake: Any) -> None:
    opened, delivered, _ = lake
    wanted = FROM_EVENTS[name](delivered)
    found = opened.rows(f"SELECT * FROM {name}")
    if name == "orders":  # all columns of the events, compared below
        wanted = [
            {n: row[n] for n in ("site", "order_id", "event_id", "session_id", "value")} for row in wanted
        ]
        found = [
            {n: row[n] for n in ("site", "order_id", "event_id", "session_id", "value")} for row in found
        ]
    if name == "sessions":  # accounts is compared through identity_edges and people
        found = [{n: value for n, value in row.items() if n != "accounts"} for row in found]
    if name == "refunds":  # items are the events' own
        found = [{n: value for n, value in row.items() if n != "items"} for row in found]
    _check(found, wanted)


def test_events(lake: Any) -> None:
    opened, delivered, _ = lake
    wanted = by_hand.events(delivered)
    assert len(wanted) < len([row for row in delivered if row["event_name"] != "session_merge"])
    assert any(row["session_id"] != row["written_session_id"] for row in wanted)
    names = [name for name in wanted[0] if name not in ("merged_session_id", "items")]
    found = opened.rows("SELECT * FROM events")
    _check([{n: row[n] for n in names} for row in found], [{n: row[n] for n in names} for row in wanted])
    items = {row["event_id"]: row["items"] for row in wanted}
    assert {row["event_id"]: row["items"] for row in found} == items


def test_events_holds_every_column_of_the_contract(lake: Any) -> None:
    found = {row[0] for row in lake[0].database.execute("DESCRIBE events").fetchall()}
    contract = {column.name for column in enriched_columns()} - {"merged_session_id"}
    assert found == contract | {"written_session_id", "dt", "hour"}


def test_data_quality_and_rejections(lake: Any) -> None:
    opened, delivered, refused = lake
    _check(opened.rows("SELECT * FROM data_quality"), by_hand.data_quality(delivered, refused))
    _check(opened.rows("SELECT * FROM rejections"), by_hand.rejections(refused))


def test_real_time_and_freshness(tmp_path: Path) -> None:
    """These look at the clock, so the rows do too."""
    now = int(time.time() * 1000) - 10 * 60_000
    lines = flow.run(plan(5, 200, now), now).rows
    columns = [(column.name, column.type) for column in enriched_columns()]
    delivered = [by_hand.as_delivered(line, columns) for line in lines]
    old = dict(lines[0]) | {
        "received_at": "2026-01-01T00:00:00.000Z",
        "event_id": "f" + lines[0]["event_id"][1:],
    }
    opened = Lake(flow.write_parquet([*lines, old], tmp_path))
    by_minute: dict[Any, set[str]] = {}
    for row in delivered:
        if row["event_name"] != "session_merge":
            by_minute.setdefault(row["received_at"].replace(second=0, microsecond=0), set()).add(
                row["event_id"]
            )
    found = {row["minute"]: row["events"] for row in opened.rows("SELECT * FROM real_time")}
    assert found == {minute: len(ids) for minute, ids in by_minute.items()}
    (fresh,) = opened.rows("SELECT * FROM freshness")
    assert fresh["newest_received_at"] == max(row["received_at"] for row in delivered)
    assert fresh["rows_of_two_days"] == len(delivered)
    assert 9 < fresh["minutes_behind"] < 12


def test_every_view_is_compared() -> None:
    of_other_tables = {"ended_sessions", "abandoned_carts"}
    assert set(VIEWS) - of_other_tables == {
        *FROM_EVENTS,
        "events",
        "data_quality",
        "rejections",
        "real_time",
        "freshness",
    }
