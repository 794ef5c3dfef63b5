"""The sentence: body → events, each checked → one record per visitor, one row per rejected event, an answer.

Pure: the clock, the site and the secret are arguments.
"""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from ingest_lambda.errors import Refuse, RejectEvent
from ingest_lambda.events.consent import Signals, signals_of
from ingest_lambda.events.normalise import epoch_ms, event_id_of, normalised
from ingest_lambda.events.raw_records import MAX_USER_AGENT, Entry, Envelope, entries_of, kept_headers
from ingest_lambda.events.rejected_rows import Kept, kept
from ingest_lambda.events.validate import check
from ingest_lambda.events.visitor import Visitor, cookieless, kept_address, unlinkable
from ingest_lambda.http.body import Body, read_body
from ingest_lambda.http.request import Request
from schemas import Reason, Site

Secret = Callable[[], bytes]
"""Gives the secret behind cookieless ids; asked only when an event needs it."""


class Taken(NamedTuple):
    """What is to be stored before the answer may be given. `accepted` is a count of events."""

    accepted: int
    entries: list[Entry]
    rejected: list[Kept]

    def summary(self) -> dict[str, Any]:
        """The body of the 202 answer."""
        return {
            "accepted": self.accepted,
            "rejected": [
                {
                    "index": one.position,
                    "event_id": one.row.event_id,
                    "reason": one.row.reason,
                    "detail": one.row.detail,
                }
                for one in self.rejected
            ],
        }


class Means(NamedTuple):
    """What accepting needs besides the request; `now` is epoch ms, `payloads` as in the settings."""

    secret: Secret
    now: int
    payloads: str | None = None


def body_of(request: Request, site: Site) -> Body:
    """The body of a POST.

    Raises:
        Refuse: 413, 415 or 400.
    """
    return read_body(
        request.body,
        is_base64=request.is_base64,
        media_type=request.headers.get("content-type"),
        encoding=request.headers.get("content-encoding"),
        limit=site.max_body_bytes,
    )


def accept(request: Request, site: Site, body: Body, means: Means) -> Taken:
    """Sort the events of a body into records and rejected rows.

    Raises:
        Refuse: too many events, or one that can be neither taken nor kept.
    """
    if len(body.events) > site.max_events:
        detail = f"a request may have {site.max_events} events; this one has {len(body.events)}"
        raise Refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Reason.TOO_MANY_EVENTS, detail)
    signals = signals_of(request.headers, site)
    user_agent = request.headers.get("user-agent")
    anonymous = cache(lambda: cookieless(means.secret(), site, request.ip, user_agent, means.now))
    by_visitor: dict[Visitor, list[bytes]] = {}
    rejected: list[Kept] = []
    for index, given in enumerate(body.events):
        try:
            checked = check(given, site.max_event_bytes, repaired=body.repaired)
            event = normalised(checked, event_id_of(request.id, index))
            visitor = _visitor_of(
                checked.get("visitor_id"), event["event_id"], site, signals, anonymous, means.secret
            )
        except RejectEvent as why:
            rejected.append(kept(index, given, why, site.name, means.now, means.payloads))
        else:
            by_visitor.setdefault(visitor, []).append(orjson.dumps(signals.applied(event)))
    envelope = Envelope(
        site=site.name,
        received_at=means.now,
        sent_at=epoch_ms(body.sent_at),
        ip=kept_address(request.ip, site.ip_policy),
        user_agent=None if user_agent is None else user_agent[:MAX_USER_AGENT],
        headers=kept_headers(request.headers),
    )
    entries = [
        entry for visitor, events in by_visitor.items() for entry in entries_of(envelope, visitor, events)
    ]
    # A visitor's second part goes into a later call than the first: within a call Kinesis keeps no order.
    entries.sort(key=lambda entry: entry.part)
    return Taken(len(body.events) - len(rejected), entries, rejected)


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
    raise RejectEvent(Reason.INVALID_EVENT, "visitor_id: this site takes no events without one")
