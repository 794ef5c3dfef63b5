"""Finds the visitor of an event, by the event, its sender, the site and the browser's signals."""

from collections.abc import Callable
from typing import Any

from ingest_lambda.errors import EventRejected
from ingest_lambda.events.batch import Claims, Source
from ingest_lambda.events.consent import Signals
from ingest_lambda.events.normalise.event import NormalisedEvent
from ingest_lambda.events.sender import Sender
from ingest_lambda.events.server_visitors import PREFIX, visitor_of
from ingest_lambda.events.visitor import Visitor, cookieless, unlinkable
from schemas import Reason
from schemas.times import EpochMs

Secret = Callable[[], bytes]
"""Returns the secret behind cookieless ids; called only when an event needs it."""


class VisitorFinder:
    """Finds the visitors of the events of one request; `now` is epoch ms."""

    def __init__(self, sender: Sender, signals: Signals, secret: Secret, now: EpochMs) -> None:
        self.signals = signals
        self._sender = sender
        self._secret = secret
        self._now = now
        self._cookieless: dict[tuple[str | None, str | None], Visitor] = {}

    def visitor(self, normalised: NormalisedEvent, source: Source) -> Visitor:
        """The visitor of an event.

        Raises:
            EventRejected: it has none, and the site takes no events without one.
        """
        given, event = normalised.visitor_id, normalised.event
        site, server = self._sender.site, self._sender.is_server
        if server:
            given = visitor_of(given, event.get("user_id"))
        if given and given.startswith(PREFIX) and (event.get("consent") or {}).get("analytics") is False:
            return self._unlinkable(event)  # it would be the customer's id, which then nobody may store
        if given and not self.signals.no_tracking:
            return Visitor(given, "cookie")
        if server and source.claims.ip is None:  # all would be one visitor: the server
            return self._unlinkable(event)
        if site.cookieless:
            return self._by_device(source.claims)
        # No lasting id, or one that is nobody's; by the site's wish, no hash of the IP address either.
        if self.signals.no_tracking or any(repair.field == "visitor_id" for repair in normalised.repairs):
            return self._unlinkable(event)
        raise EventRejected(Reason.INVALID_EVENT, "visitor_id: this site takes no events without one")

    def _unlinkable(self, event: dict[str, Any]) -> Visitor:
        return unlinkable(self._secret(), self._sender.site, event["event_id"])

    def _by_device(self, claims: Claims) -> Visitor:
        device = self._sender.device(claims)
        key = (device.ip, device.user_agent)
        if key not in self._cookieless:
            self._cookieless[key] = cookieless(self._secret(), self._sender.site, *key, self._now)
        return self._cookieless[key]
