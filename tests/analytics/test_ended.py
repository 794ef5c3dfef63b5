"""`ended_sessions` and `abandoned_carts`, as the running consumer announces them, against the views over all events."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from analytics.duckdb_lake import Lake
from rastro.synthetic_shop import plan
from schemas.cart_events import COLUMNS as CART_EVENTS
from schemas.session_ends import COLUMNS as SESSION_ENDS
from tests.analytics import flow

NOW = 1_795_296_000_000


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, flow.Flow]:
    """A storefront's load through ingest and core, every table in Parquet; ends and carts delivered twice."""
    folder = tmp_path_factory.mktemp("ended")
    made = flow.run(plan(3, 900, NOW), NOW)
    lake = Lake(flow.write_parquet(made.rows, folder))
    assert made.session_ends
    lake.add(
        "session_ends",
        flow.write_table("session_ends", SESSION_ENDS, "closed_at", [*made.session_ends] * 2, folder),
    )
    assert made.cart_events
    lake.add(
        "cart_events",
        flow.write_table("cart_events", CART_EVENTS, "event_at", [*made.cart_events] * 2, folder),
    )
    return lake, made


def _by_session(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    by_key = {(row["site"], row["session_id"]): row for row in rows}
    assert len(by_key) == len(rows)
    return by_key


def test_what_the_consumer_announced_of_a_session_is_what_the_view_makes_of_its_events(
    found: tuple[Lake, flow.Flow],
) -> None:
    lake, _ = found
    ended = _by_session(lake.rows("SELECT * FROM ended_sessions"))
    made = _by_session(lake.rows("SELECT * FROM sessions"))
    assert set(ended) == set(made)
    same: tuple[str, ...] = (
        "visitor_id",
        "user_id",
        "started_at",
        "ended_at",
        "events",
        "page_views",
        "entry_path",
        "exit_path",
    )
    same += (
        "channel",
        "device_class",
        "browser_name",
        "os_name",
        "geo_country",
        "geo_region",
        "geo_city",
        "is_bot",
    )
    for key, row in ended.items():
        assert row["is_final"], key
        row["channel"] = row["channel"] or "Unassigned"  # the view's word for it
        assert {name: row[name] for name in same} == {name: made[key][name] for name in same}, key


def test_the_revenue_of_a_session_is_in_real_currencies_and_that_of_its_orders(
    found: tuple[Lake, flow.Flow],
) -> None:
    lake, _ = found
    ordered: Counter[tuple[str, str]] = Counter()
    worth: dict[tuple[str, str], dict[str, Decimal]] = {}
    rows = lake.rows(
        "SELECT site, session_id, currency, coalesce(transaction_id, event_id) AS order_id, value FROM events"
        " WHERE event_name = 'purchase' ORDER BY event_at, event_id"
    )
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        key = (row["site"], row["session_id"])
        if (*key, row["order_id"]) in seen:
            continue
        seen.add((*key, row["order_id"]))
        ordered[key] += 1
        sums = worth.setdefault(key, {})
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + (row["value"] or 0)
    assert ordered
    for row in lake.rows("SELECT site, session_id, orders, revenue FROM ended_sessions"):
        key = (row["site"], row["session_id"])
        assert (row["orders"] or 0) == ordered[key], key
        revenue = {entry["currency"]: entry["value"] for entry in row["revenue"] or ()}
        assert revenue == worth.get(key, {}), key
        assert all(currency and len(currency) == 3 for currency in revenue), key


def test_abandoned_carts_are_those_of_the_newest_revision_once(found: tuple[Lake, flow.Flow]) -> None:
    lake, made = found
    rows = lake.rows("SELECT * FROM abandoned_carts")
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    answers = {}
    for event in made.cart_events:
        key = (event["site"], event["cart_id"])
        if event["event_name"] == "cart_abandoned":
            newest[key] = max(event, newest.get(key, event), key=lambda one: one["revision"])
        else:
            answers[key] = event["event_name"].removeprefix("cart_")
    assert {(row["site"], row["cart_id"]) for row in rows} == set(newest)
    assert len(rows) == len(newest)
    for row in rows:
        event = newest[row["site"], row["cart_id"]]
        assert row["revision"] == event["revision"]
        assert row["items_quantity"] == event["items_quantity"]
        assert row["outcome"] == answers.get((row["site"], row["cart_id"]), "open")
        assert row["value"] is None or row["currency"]
