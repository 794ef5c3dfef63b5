"""Received events, each checked → one record per visitor, one row per rejected event, a summary.

Pure: the clock, the site and the secret are arguments.
"""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from ingest_lambda.errors import EventRejected, RequestRefused
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.events.consent import Signals, signals_of
from ingest_lambda.events.normalise import epoch_ms, event_id_of, normalised
from ingest_lambda.events.raw_records import (
    MAX_USER_AGENT,
    RequestContext,
    StreamRecord,
    records_of,
    stored_headers,
)
from ingest_lambda.events.rejected_rows import RejectedEvent, rejected_event
from ingest_lambda.events.validate import check
from ingest_lambda.events.visitor import Visitor, cookieless, ip_by_policy, unlinkable
from ingest_lambda.http.request import Request
from schemas import Reason, Site

Secret = Callable[[], bytes]
"""Returns the secret behind cookieless ids; called only when an event needs it."""


class AcceptedBatch(NamedTuple):
    """What is to be stored before the response may be given. `accepted` is a count of events."""

    accepted: int
    records: list[StreamRecord]
    rejected: list[RejectedEvent]

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
    """What accepting needs besides the request; `now` is epoch ms, `payloads` as in the settings."""

    secret: Secret
    now: int
    payloads: str | None = None


def accept(request: Request, site: Site, batch: ReceivedBatch, context: AcceptContext) -> AcceptedBatch:
    """Sort the events of a request into records and rejected rows.

    Raises:
        RequestRefused: too many events, or one that can be neither taken nor kept.
    """
    if len(batch.events) > site.max_events:
        detail = f"a request may have {site.max_events} events; this one has {len(batch.events)}"
        raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Reason.TOO_MANY_EVENTS, detail)
    signals = signals_of(request.headers, site)
    user_agent = request.headers.get("user-agent")
    anonymous = cache(lambda: cookieless(context.secret(), site, request.ip, user_agent, context.now))
    by_visitor: dict[Visitor, list[bytes]] = {}
    rejected: list[RejectedEvent] = []
    for index, given in enumerate(batch.events):
        try:
            checked = check(given, site.max_event_bytes, damaged_text=batch.damaged_text)
            event = normalised(checked, event_id_of(request.id, index))
            visitor = _visitor_of(
                checked.get("visitor_id"), event["event_id"], site, signals, anonymous, context.secret
            )
        except EventRejected as why:
            rejected.append(rejected_event(index, given, why, site.name, context.now, context.payloads))
        else:
            by_visitor.setdefault(visitor, []).append(orjson.dumps(signals.applied(event)))
    shared = RequestContext(
        site=site.name,
        received_at=context.now,
        sent_at=epoch_ms(batch.sent_at),
        ip=ip_by_policy(request.ip, site.ip_policy),
        user_agent=None if user_agent is None else user_agent[:MAX_USER_AGENT],
        headers=stored_headers(request.headers),
    )
    records = [
        record for visitor, events in by_visitor.items() for record in records_of(shared, visitor, events)
    ]
    # A visitor's second part goes into a later call than the first: within a call Kinesis keeps no order.
    records.sort(key=lambda record: record.part)
    return AcceptedBatch(len(batch.events) - len(rejected), records, rejected)


def _visitor_of(
    given: str | None,
    event_id: str,
    site: Site,
    signals: Signals,
    anonymous: Callable[[], Visitor],
    secret: Secret,
) -> Visitor:
    if given and not signals.no_tracking:
        return Visitor(given, "cookie")
    if site.cookieless:
        return anonymous()
    if signals.no_tracking:  # neither a lasting id nor, by the site's wish, a hash of the address
        return unlinkable(secret(), site, event_id)
    raise EventRejected(Reason.INVALID_EVENT, "visitor_id: this site takes no events without one")
