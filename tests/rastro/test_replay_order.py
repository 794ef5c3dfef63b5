"""Replay puts records in the order in which ingest took them, however the archive's objects overlap."""

import pytest

from rastro.commands.replay import HOLD_MS, _Record, _Waiting


def record(at: int, key: str) -> _Record:
    return _Record(at, key, b"12345", {"received_at": at})


def test_objects_that_overlap_are_sorted_together():
    waiting = _Waiting()
    waiting.add("a", [record(1, "a"), record(5, "a")])
    waiting.add("b", [record(2, "b"), record(4, "b")])
    assert [one.received_at for one in waiting.take(0)] == [1, 2, 4, 5]
    assert waiting.finished() == {"a", "b"}
    assert waiting.finished() == set()


def test_what_may_still_be_overtaken_waits_and_its_object_is_not_done():
    waiting = _Waiting()
    old = [record(number, "a") for number in range(6)]
    waiting.add("a", [*old, record(HOLD_MS + 10, "a")])
    assert waiting.take(HOLD_MS) == old
    assert waiting.finished() == set()
    assert waiting.size == 5
    waiting.add("b", [record(HOLD_MS + 3, "b")])
    assert [one.received_at for one in waiting.take(0)] == [HOLD_MS + 3, HOLD_MS + 10]
    assert waiting.finished() == {"a", "b"}


@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_flood_within_the_hold_does_not_stay_in_memory(number: int):
    waiting = _Waiting()
    waiting.add("a", [record(at, "a") for at in range(number)])
    assert len(waiting.take(HOLD_MS)) == (number + 1) // 2
