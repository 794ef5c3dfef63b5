"""The local stack's alarms: each fires for its own cause alone."""

import json
from pathlib import Path

import pytest

from console.arrivals import MOST_NOTES, Arrivals
from rastro.local.alarms import Reading, firing, restarts

QUIET = Reading(tick_age=10, accepted=100, refused=5, sites_invalid=False, is_waiting=False, restarts=0)
NOW = 1_795_296_000_000


@pytest.mark.parametrize(
    ("alarm", "change"),
    [
        ("ticks-missing", {"tick_age": 46.0}),
        ("rejected-share", {"refused": 6}),
        ("sites-document", {"sites_invalid": True}),
        ("consumer-stalled", {"is_waiting": True}),
        ("consumer-restarts", {"restarts": 1}),
    ],
)
def test_each_fires_alone(alarm: str, change: dict[str, float]) -> None:
    assert not any(firing(QUIET).values())
    assert [name for name, fires in firing(QUIET._replace(**change)).items() if fires] == [alarm]


def test_few_events_say_nothing_of_a_share() -> None:
    assert not firing(QUIET._replace(accepted=0, refused=20))["rejected-share"]
    assert firing(QUIET._replace(accepted=0, refused=21))["rejected-share"]


def test_restarts_are_counted_from_the_log(tmp_path: Path) -> None:
    log = tmp_path / "consumer.log"
    assert restarts(log, 0) == 0
    old, new = ({"DaemonRestarts": 1, "_aws": {"Timestamp": at}} for at in (1_000_000, 2_000_000))
    lines = [f"supervisor {json.dumps(old)}", "no JSON {DaemonRestarts", "other", json.dumps(new)]
    log.write_text("\n".join(lines), encoding="utf-8")
    assert restarts(log, 1_500) == 1
    assert restarts(log, 500) == 2


def test_waiting_is_the_age_of_the_oldest_unread_record() -> None:
    arrivals = Arrivals()
    assert arrivals.waiting_ms({}, NOW) == 0
    for second in range(20):
        arrivals.take("s0", str(100 + second), NOW + second * 1000, tick=False)
    arrivals.take("s0", "300", NOW + 60_000, tick=True)
    now = NOW + 30_000
    assert arrivals.waiting_ms({"s0": None}, now) == 30_000, "no checkpoint: nothing was read"
    assert arrivals.waiting_ms({"s0": "104"}, now) == 25_000
    assert arrivals.waiting_ms({"s0": "119"}, now) == 0, "a tick waits for nobody"
    assert arrivals.waiting_ms({"s0": "SHARD_END"}, now) == 0
    arrivals.take("s1", "7", now, tick=False)
    assert arrivals.waiting_ms({"s0": "119", "s1": "TRIM_HORIZON"}, now + 500) == 500
    assert arrivals.newest_tick == NOW + 60_000


def test_notes_are_bounded_and_the_newest_counts() -> None:
    arrivals = Arrivals()
    for second in range(MOST_NOTES + 10):
        arrivals.take("s0", str(second), NOW + second * 1000, tick=False)
    now = NOW + (MOST_NOTES + 10) * 1000
    assert arrivals.waiting_ms({}, now) == MOST_NOTES * 1000
    arrivals.take("s0", "99999", now - 990, tick=False)
    assert arrivals.waiting_ms({"s0": str(MOST_NOTES + 9)}, now) == 990
