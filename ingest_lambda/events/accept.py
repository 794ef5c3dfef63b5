"""Received events, each checked → one record per visitor, one row per rejected event, a summary.

Pure: the clock, the site and the secret are arguments.
"""

from http import HTTPStatus
from typing import Any, NamedTuple

from ingest_lambda.errors import EventRejected, RequestRefused
from ingest_lambda.events.assignment import Assignment, Secret
from ingest_lambda.events.batch import ReceivedBatch, Source
from ingest_lambda.events.consent import signals_of
from ingest_lambda.events.grouping import Groups
from ingest_lambda.events.history import ImportFile, import_file, is_history
from ingest_lambda.events.normalise import epoch_ms, event_id_of, normalised
from ingest_lambda.events.raw_records import StreamRecord
from ingest_lambda.events.rejected_rows import RejectedEvent, rejected_event
from ingest_lambda.events.sender import Sender
from ingest_lambda.events.validate import check
from ingest_lambda.http.request import Request
from schemas import Reason, Site


class AcceptedBatch(NamedTuple):
    """What is to be stored before the response may be given. `accepted` is a count of events.

    `imports`: the records of history, which are not for the stream.
    """

    accepted: int
    records: list[StreamRecord]
    rejected: list[RejectedEvent]
    imports: ImportFile | None = None

    def summary(self) -> dict[str, Any]:
        """The body of the 202 response."""
        return {
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


class AcceptContext(NamedTuple):
    """What accepting needs besides the request; `now` is epoch ms, `payloads` and `imports` as in the settings.

    `is_server`: the request has a secret key.
    """

    secret: Secret
    now: int
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
    assignment = Assignment(sender, signals_of(request.headers, site), context.secret, context.now)
    groups, history = Groups(), Groups()
    shared = Source(None, batch.sent_at)
    rejected: list[RejectedEvent] = []
    for index, given in enumerate(batch.events):
        source = batch.sources[index] if batch.sources else shared
        try:
            if source.rejection is not None:
                raise source.rejection
            checked = check(given, site.max_event_bytes, damaged_text=batch.damaged_text)
            event = normalised(checked, event_id_of(request.id, index))
            visitor = assignment.visitor(checked.get("visitor_id"), event, source)
            sent_at = epoch_ms(source.sent_at)
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
            of_event = sender.context(sent_at, source.claims)
            add = history.add_old if old else groups.add
            add(visitor, of_event, event, assignment.signals.applied(event))
    imports = None
    if history.ids:
        prefix = context.imports or ""  # _check_may_import lets nothing old pass without one
        imports = import_file(prefix, site.name, history.records(), history.ids, context.now)
    return AcceptedBatch(len(batch.events) - len(rejected), groups.records(), rejected, imports)


def _check_may_import(context: AcceptContext) -> None:
    if not context.is_server:
        raise EventRejected(
            Reason.SECRET_KEY_NEEDED,
            "ts: more than seven days before it was sent; history is taken with a secret key only",
        )
    if context.imports is None:
        raise EventRejected(
            Reason.INVALID_EVENT, "ts: more than seven days old, and no place for imports is set"
        )
