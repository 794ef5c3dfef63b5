"""Replay puts records in the order in which ingest took them, however the archive's objects overlap."""

from pathlib import Path

import pytest

from rastro.repair.replay_state import HOLD_MS, ArchivedRecord, ReplayMark, WaitingRecords


def record(at: int, key: str) -> ArchivedRecord:
    return ArchivedRecord(at, key, b"12345", {"received_at": at})


def test_objects_that_overlap_are_sorted_together():
    waiting = WaitingRecords()
    waiting.add([record(1, "a"), record(5, "a")])
    waiting.add([record(2, "b"), record(4, "b")])
    assert [one.received_at for one in waiting.take(0)] == [1, 2, 4, 5]


def test_what_may_still_be_overtaken_waits_and_its_object_is_not_done(tmp_path: Path):
    waiting, mark = WaitingRecords(), ReplayMark(tmp_path / "mark.json", again=False)
    old = [record(number, "a") for number in range(6)]
    waiting.add([*old, record(HOLD_MS + 10, "a")])
    mark.begin("a", 7)
    assert waiting.take(HOLD_MS) == old
    mark.put(old)
    assert mark.done == set()
    assert waiting.size == 5
    waiting.add([record(HOLD_MS + 3, "b")])
    mark.begin("b", 1)
    rest = waiting.take(0)
    assert [one.received_at for one in rest] == [HOLD_MS + 3, HOLD_MS + 10]
    mark.put(rest)
    assert mark.done == {"a", "b"}
    mark.write()
    assert ReplayMark(tmp_path / "mark.json", again=False).done == {"a", "b"}
    assert ReplayMark(tmp_path / "mark.json", again=True).done == set()


@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_flood_within_the_hold_does_not_stay_in_memory(number: int):
    waiting = WaitingRecords()
    waiting.add([record(at, "a") for at in range(number)])
    assert len(waiting.take(HOLD_MS)) == (number + 1) // 2
