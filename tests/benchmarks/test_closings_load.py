"""The load of `benchmarks.closings`: whose cart must be announced, and whose must not."""

import json
from collections import Counter

import pytest

from benchmarks.closings_load import IN_TIME_S, MOST_WAY_S, RECORDS, SILENCE_S, Load, Sent

BEGUN_S = 555.0
NOW = 1_795_000_000.0


def played(load: Load, seconds: int, *, way: float = 0.1) -> list[tuple[float, Sent]]:
    """So many seconds of load; its records need `way` seconds to the stream."""
    found = []
    for second in range(seconds):
        now = NOW + second
        sent = load.second(now, rate=60.0, carts=2.0, ends=second > seconds - 50)
        load.was_put(sent, now + way)
        found.append((now, sent))
    return found


@pytest.fixture
def load() -> Load:
    return Load(1, BEGUN_S)


def test_a_cart_is_announced_unless_its_visitor_came_back_before_its_deadline(load: Load) -> None:
    came: dict[str, float] = {}
    for now, sent in played(load, 160):
        came |= dict.fromkeys(sent.back, now)
    assert load.left
    assert load.saved
    assert not load.left & load.saved
    assert came.keys() == load.saved, "nobody whose cart must be announced came back"
    for visitor, at in came.items():
        before = load.began[visitor] + SILENCE_S - at
        assert 0 < before <= IN_TIME_S + 2.5
    assert load.left | load.saved == load.began.keys()


def test_who_came_back_in_time_and_reached_the_stream_too_late_counts_nowhere(load: Load) -> None:
    played(load, 160, way=MOST_WAY_S + 25)
    assert load.too_late > 0
    assert not load.saved


def test_a_visit_is_over_with_its_last_record(load: Load) -> None:
    records: Counter[str] = Counter()
    for _, sent in played(load, 60):
        records.update(json.loads(raw.data)["visitor_id"] for raw in sent.records)
    visits = {visitor: count for visitor, count in records.items() if visitor.startswith("visit-")}
    assert load.over
    assert {visitor for visitor, count in visits.items() if count == RECORDS} == load.over
    assert load.over <= load.put_at.keys()
