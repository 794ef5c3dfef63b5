"""When it happened."""

import pytest

from enrich_consumer.core.enrichments import References
from enrich_consumer.core.enrichments.event_time import day, event_time
from tests.support.records import NOW, SITE, build, record

DAY = 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("sent_at", "ts", "event_at", "suspect"),
    [
        (None, None, NOW, False),
        (NOW, None, NOW, False),  # no time of its own: arrival
        (None, NOW - 5000, NOW - 5000, False),
        (NOW - 100, NOW - 5100, NOW - 5000, False),  # it waited five seconds on the client
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
