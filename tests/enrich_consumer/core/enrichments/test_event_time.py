"""When it happened."""

import pytest

from enrich_consumer.core.enrichments import References
from enrich_consumer.core.enrichments.event_time import day, event_time
from tests.support.records import NOW, SITE, build, record

DAY = 24 * 3600 * 1000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("sent_at", "ts", "event_at", "suspect"),
    [
        (None, None, NOW, False),
        (NOW, None, NOW, False),  # no time of its own: arrival
        (None, NOW - 5000, NOW - 5000, False),
        (NOW - 100, NOW - 5100, NOW - 5100, False),  # on its way for a moment: a right clock is believed
        (NOW - 5 * MINUTE, NOW - 5 * MINUTE, NOW - 5 * MINUTE, False),  # the longest way there is
        (NOW - 5 * MINUTE - 1, NOW - 5 * MINUTE - 1, NOW, False),  # no way is so long: the clock is behind
        (NOW + 5 * MINUTE, NOW - 10, NOW - 10, False),
        (NOW + 5 * MINUTE + 1, NOW + 1, NOW - 5 * MINUTE, False),
        (NOW + 9 * DAY, NOW + 9 * DAY - 5000, NOW - 5000, False),  # the clock's error cancels
        (0, -5000, NOW - 5000, False),
        (None, NOW + 1, NOW, False),  # never later than its arrival
        (NOW, NOW + 1, NOW, False),
        (None, NOW - 7 * DAY, NOW - 7 * DAY, False),
        (None, NOW - 7 * DAY - 1, NOW, True),
        (None, 0, NOW, True),
    ],
)
def test_event_time(sent_at, ts, event_at, suspect):
    assert event_time(NOW, sent_at, ts) == (event_at, suspect)


@pytest.mark.parametrize("clock", [0, 200, -200, -4 * MINUTE])
@pytest.mark.parametrize(("slow", "quick"), [(3_000, 40), (40_000, 0), (5 * MINUTE - 20_000, 1)])
def test_a_request_that_is_long_on_its_way_stays_the_earlier_one(clock: int, slow: int, quick: int):
    """The second request overtakes the first one. `clock`: how far the client's clock is ahead."""
    first, second = NOW, NOW + 2_000
    slow = min(slow, 5 * MINUTE - abs(clock))
    at, _ = event_time(first + slow, first + clock, first + clock)
    then, _ = event_time(second + quick, second + clock, second + clock)
    assert at < then


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("UTC", 0, "1970-01-01"),
        ("America/Sao_Paulo", 3 * 3600 * 1000 - 1, "1969-12-31"),
        ("America/Sao_Paulo", 3 * 3600 * 1000, "1970-01-01"),
        ("Asia/Kathmandu", 1_795_284_899_999, "2026-11-21"),  # 45 minutes off the hour
        ("Asia/Kathmandu", 1_795_284_900_000, "2026-11-22"),
    ],
)
def test_day_of_the_shop(zone, at, expected):
    assert day(zone, at) == expected


def test_the_row_tells_the_day_in_the_sites_zone():
    at = 1_795_305_600_000  # midnight in UTC, nine in the evening in São Paulo
    enrich = build(References())
    (row,) = enrich(record({"ts": at}, received_at=at + 10))
    assert row["event_date"] == "2026-11-21"
    (row,) = enrich(record({"ts": at}, received_at=at + 10, site=SITE._replace(time_zone="UTC")))
    assert row["event_date"] == "2026-11-22"
