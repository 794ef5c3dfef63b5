"""Checks received events and returns one record per visitor, one row per rejected event, a summary.

Pure: the clock, the site and the secret are arguments.
"""

from collections.abc import Sequence
from functools import cache, partial
from http import HTTPStatus
from itertools import islice
from typing import Any, NamedTuple

import orjson

from ingest_lambda.errors import EventRejected, RequestRefused
from ingest_lambda.events.batch import ReceivedBatch, Source
from ingest_lambda.events.consent import signals_of
from ingest_lambda.events.grouping import Groups
from ingest_lambda.events.history import ImportFile, import_file, is_history
from ingest_lambda.events.normalise.event import NormalisedEvent, normalise, shortened
from ingest_lambda.events.normalise.ids import event_id_of
from ingest_lambda.events.normalise.repairs import Repair
from ingest_lambda.events.normalise.times import read_time
from ingest_lambda.events.normalise.values import is_absent
from ingest_lambda.events.raw_records import StreamRecord
from ingest_lambda.events.rejected_rows import RejectedEvent, rejected_event
from ingest_lambda.events.sender import Sender
from ingest_lambda.events.visitor_finder import Secret, VisitorFinder
from ingest_lambda.http.request import Request
from schemas import Reason, Site
from schemas.times import EpochMs

MOST_REPAIRS = 50
"""Repairs that a response names: a client that sends 500 malformed events learns it from the first ones."""


class RepairedEvent(NamedTuple):
    """An accepted event of which something was changed; `position` is its index in the request."""

    position: int
    repairs: tuple[Repair, ...]


class AcceptedBatch(NamedTuple):
    """What is to be stored before the response may be given. `accepted` is a count of events.

    `imports`: the records of history, which are not for the stream.
    """

    accepted: int
    records: list[StreamRecord]
    rejected: list[RejectedEvent]
    imports: ImportFile | None = None
    repaired: Sequence[RepairedEvent] = ()

    def summary(self) -> dict[str, Any]:
        """The body of the 202 response; `repaired` only where something was changed, at most MOST_REPAIRS."""
        summary: dict[str, Any] = {
            "accepted": self.accepted,
            "rejected": [
                {
                    "index": event.position,
                    "event_id": event.row.event_id,
                    "reason": event.row.reason,
                    "detail": event.row.detail,
                }
                for event in self.rejected
            ],
        }
        repaired = (
            {"index": event.position, "field": repair.field, "what": repair.what}
            for event in self.repaired
            for repair in event.repairs
        )
        if self.repaired:
            summary["repaired"] = list(islice(repaired, MOST_REPAIRS))
        return summary


class AcceptContext(NamedTuple):
    """What accepting needs besides the request; `now` is epoch ms, `payloads` and `imports` as in the settings.

    `is_server`: the request has a secret key.
    """

    secret: Secret
    now: EpochMs
    payloads: str | None = None
    imports: str | None = None
    is_server: bool = False


def accept(request: Request, site: Site, batch: ReceivedBatch, context: AcceptContext) -> AcceptedBatch:
    """Sort the events of a request into records and rejected rows.

    Raises:
        RequestRefused: too many events, or one that can be neither taken nor kept.
    """
    if len(batch.events) > site.max_events:
        detail = f"a request may have {site.max_events} events; this one has {len(batch.events)}"
        raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Reason.TOO_MANY_EVENTS, detail)
    sender = Sender(request, site, context.is_server, context.now)
    finder = VisitorFinder(sender, signals_of(request.headers, site), context.secret, context.now)
    groups, history = Groups(), Groups()
    shared = Source(None, batch.sent_at)
    shared_clock = _clock(batch.sent_at)
    reading = _Reading(request.id, site, batch)
    rejected: list[RejectedEvent] = []
    repaired: list[RepairedEvent] = []
    for index, given in enumerate(batch.events):
        source = batch.sources[index] if batch.sources else shared
        try:
            if source.rejection is not None:
                raise source.rejection
            found = reading.normalised(index)
            event = found.event
            visitor = finder.visitor(found, source)
            sent_at, of_clock = shared_clock if source is shared else _clock(source.sent_at)
            # Our own protocol's events with a public key are taken as ever: arrival replaces such a time.
            judged = context.is_server or source is not shared
            old = judged and is_history(event.get("ts"), sent_at, context.now)
            if old:
                _check_may_import(context)
        except EventRejected as why:
            sent = given if source is shared else source.original
            rejected.append(
                rejected_event(index, sent, why, site.name, context.now, context.payloads, event=given)
            )
        else:
            if repairs := found.repairs + of_clock:
                repaired.append(RepairedEvent(index, repairs))
                event["repairs"] = [str(repair) for repair in repairs]
            of_event = sender.context(sent_at, source.claims)
            add = history.add_old if old else groups.add
            add(visitor, of_event, event, finder.signals.applied(event))
    imports = None
    if history.ids:
        prefix = context.imports or ""  # _check_may_import lets nothing old pass without one
        imports = import_file(prefix, site.name, history.records(), history.ids, context.now)
    return AcceptedBatch(len(batch.events) - len(rejected), groups.records(), rejected, imports, repaired)


class _Reading:
    """The events of one request, one by one."""

    def __init__(self, request_id: str, site: Site, batch: ReceivedBatch) -> None:
        self._request_id = request_id
        self._site = site
        self._batch = batch
        self._exact = None if batch.exact is None else cache(batch.exact)

    def normalised(self, index: int) -> NormalisedEvent:
        """Raises EventRejected."""
        batch, site = self._batch, self._site
        event = batch.events[index]
        if batch.size > site.max_event_bytes:  # in a smaller request no event can be larger than the limit
            event = _small_enough(event, site.max_event_bytes)
        absent_id = partial(event_id_of, self._request_id, index)
        found = normalise(event, site.name, absent_id, damaged_text=batch.damaged_text)
        if found.lost_digits and self._exact is not None:
            exact = self._exact()[index]
            found = normalise(exact, site.name, absent_id, damaged_text=batch.damaged_text)
        return found


def _clock(sent_at: Any) -> tuple[int | None, tuple[Repair, ...]]:
    """The client's clock in epoch ms and what was changed in it, which every event of the request says."""
    if sent_at is None or is_absent(sent_at):
        return None, ()
    found = read_time(sent_at)
    return found.ms, () if found.what is None else (Repair("sent_at", found.what),)


def _small_enough(event: Any, most: int) -> Any:
    """The event, with over-long texts nearly cut, if it has at most `most` bytes as compact JSON.

    Raises:
        EventRejected: it has more, or it is nested beyond what can be written.
    """
    try:
        size = len(orjson.dumps(event))
        if size > most:
            event = shortened(event)
            size = len(orjson.dumps(event))
    except TypeError:
        raise EventRejected(Reason.EVENT_TOO_DEEP, "an event may be nested 254 deep") from None
    if size > most:
        raise EventRejected(Reason.EVENT_TOO_LARGE, f"an event may have {most} bytes; this one has {size}")
    return event


def _check_may_import(context: AcceptContext) -> None:
    if not context.is_server:
        raise EventRejected(
            Reason.SECRET_KEY_NEEDED,
            "ts: more than seven days before it was sent; history is taken with a secret key only",
        )
    if context.imports is None:
        raise EventRejected(
            Reason.INVALID_EVENT, "ts: more than seven days old, and no prefix for imports is set"
        )
