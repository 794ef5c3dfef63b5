"""What was erased comes back by no re-run of the jobs; what came after does come in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analytics.duckdb_tables import Tables
from analytics.tables import fill, hour_window
from lake import erased_ids
from lake.erased_ids import ErasedIds, id_hash
from lake.iceberg import IcebergTables
from tests.analytics.flow import write_parquet
from tests.support.lake_rows import START, History
from tests.support.raw_records import raw_record

NOON = round(START.replace(tzinfo=UTC).timestamp() * 1000)


def test_the_jobs_take_nothing_in_that_was_erased(tmp_path: Path) -> None:
    shop = History()
    shop.add("page_view", 0, visitor="gone", session="s1")
    shop.add("session_merge", 1, visitor="gone", session="s1", merged_session_id="s0")
    shop.add("page_view", 30, visitor="gone", session="s2")
    shop.add("page_view", 0, visitor="shared", session="s3", user_id="ana")
    shop.add("page_view", 1, visitor="shared", session="s3", user_id="bia")
    shop.add("page_view", 2, visitor="shared", session="s3")
    shop.add("page_view", 0, visitor="stays", session="s4", user_id="ana")
    lake = Tables(write_parquet(shop.rows, tmp_path))
    for text in (id_hash("gone"), id_hash("shared", "ana")):
        lake.database.execute("INSERT INTO erased_ids VALUES (?, TIMESTAMP '2026-11-21 12:20:00')", [text])
        lake.database.execute("INSERT INTO erased_ids VALUES (?, TIMESTAMP '2026-11-20 00:00:00')", [text])
    for statement in fill():
        lake.run(statement, hour_window("2026-11-21", 12))
    found = lake.rows("SELECT visitor_id, session_id, user_id FROM events ORDER BY 1, 3")
    assert [tuple(row.values()) for row in found] == [
        ("gone", "s2", None),  # after the erasure
        ("shared", "s3", "bia"),
        ("shared", "s3", None),
        ("stays", "s4", "ana"),
    ]
    assert lake.rows("SELECT * FROM session_merges") == []


def test_a_raw_record_loses_what_was_erased() -> None:
    gone = ErasedIds({id_hash("v1"): NOON, id_hash("v2", "7"): NOON})
    events: list[dict[str, Any]] = [{"event_id": "a", "user_id": 7}, {"event_id": "b"}]
    record = raw_record(*events, visitor_id="v1", received_at=NOON)
    assert gone.without(record) is None
    assert gone.without(record | {"received_at": NOON + 1}) == record | {"received_at": NOON + 1}
    assert gone.without(record | {"visitor_id": "v2"}) == record | {"visitor_id": "v2", "events": events[1:]}
    assert gone.without(record | {"visitor_id": "v2", "events": events[:1]}) is None
    other = record | {"visitor_id": "v3"}
    assert gone.without(other) is other


def test_the_list_is_added_to_and_read(tmp_path: Path) -> None:
    table = IcebergTables(tmp_path).table(erased_ids.TABLE)
    at = datetime.fromtimestamp(NOON / 1000, UTC)
    assert erased_ids.add(table, {"A", "B"}, at) == 2
    assert erased_ids.add(table, {"B", "C"}, at.replace(hour=23)) == 1
    assert erased_ids.read(table.refresh()).until == {
        "A": NOON,
        "B": NOON + 11 * 3_600_000,
        "C": NOON + 11 * 3_600_000,
    }
