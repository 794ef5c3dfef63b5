"""The event time: the client's clock corrected by its own error, and the day in the shop's time zone."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from enrich_consumer.core.engine.context import EnrichmentContext
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.record import Event, Row
from reference_data.lookups import References
from schemas import Column
from schemas.times import EpochMs

NONSENSE_MS = 7 * 24 * 3600 * 1000
CLOCK_ERROR_MS = 5 * 60 * 1000
"""`received_at - sent_at` holds the time on the way and the error of the client's clock. Browsers give a request up
after 300 s (Firefox's network.http.response.timeout; Chrome's is the same), so up to this it may all be the way."""
LOST_TIME = frozenset({"ts:no_zone", "ts:unreadable", "ts:out_of_range"})
QUARTER_MS = 15 * 60 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def event_time(received_at: EpochMs, sent_at: EpochMs | None, ts: int | None) -> tuple[int, bool]:
    """Return (event_at, is_time_suspect), by the session rule's first point.

    A client's clock is believed as long as the way can explain what it is off. Else `sent_at - ts` is how long the
    event waited on the client, and the clock's error cancels. Correcting a right clock would add the time on the way,
    which differs from request to request, and turn their order round. Never later than `received_at`; more than
    seven days before it is a nonsense clock, and `received_at` is taken.
    """
    if ts is None:
        return received_at, False
    is_right = sent_at is None or -CLOCK_ERROR_MS <= received_at - sent_at <= CLOCK_ERROR_MS
    at = ts if sent_at is None or is_right else received_at - sent_at + ts
    if at >= received_at:
        return received_at, False
    if received_at - at > NONSENSE_MS:
        return received_at, True
    return at, False


@lru_cache(maxsize=4096)
def _day(zone: str, quarter: int) -> str:
    # Time zones change their offset at quarters of an hour, so a quarter lies in one day.
    moment = _EPOCH + timedelta(milliseconds=quarter * QUARTER_MS)
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def day(zone: str, at: EpochMs) -> str:
    """The date, YYYY-MM-DD, of epoch milliseconds `at` in a time zone by its IANA name."""
    return _day(zone, at // QUARTER_MS)


def _per_event(context: EnrichmentContext, event: Event, row: Row) -> None:
    record = context.record
    at, row["is_time_suspect"] = event_time(record.received_at, record.sent_at, event.get("ts"))
    if repairs := event.get("repairs"):  # ingest could not read the client's time
        row["is_time_suspect"] |= not LOST_TIME.isdisjoint(repairs)
    row["event_at"] = at
    row["event_date"] = _day(record.site.time_zone, at // QUARTER_MS)


def _build(_: References) -> Step:
    return Step(per_event=_per_event)


ENRICHMENT: Enrichment = Enrichment(
    name="event_time",
    description="Event time by the client's clock, a wrong clock's error cancelled, and the day in the shop's zone.",
    provides=(
        Column("event_at", "timestamp", "When it happened; never later than received_at."),
        Column("event_date", "date", "The day of event_at in the site's time zone."),
        Column(
            "is_time_suspect",
            "boolean",
            "The client's clock was more than seven days off, or its time could not be read; arrival is used.",
        ),
    ),
    requires=(),
    build=_build,
    required=True,
)
