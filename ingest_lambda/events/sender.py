"""The sender of a request: the visitor's own device, or a server with a secret key that speaks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest_lambda.events.batch import Claims
from ingest_lambda.events.raw_records import MAX_USER_AGENT, RequestContext, stored_headers
from ingest_lambda.events.visitor import ip_by_policy
from ingest_lambda.http.request import Request
from schemas import Site
from schemas.times import EpochMs


class Device(NamedTuple):
    """The visitor's device: `ip` whole, `headers` by the raw record's names."""

    ip: str | None
    user_agent: str | None
    headers: Mapping[str, str]


@dataclass(slots=True)
class Sender:
    """The sender of one request; `is_server`: it has a secret key."""

    request: Request
    site: Site
    is_server: bool
    received_at: EpochMs
    _contexts: dict[object, RequestContext] = field(default_factory=dict)

    def device(self, claims: Claims) -> Device:
        """A server's own IP address, user agent and headers say nothing of the visitor; its claims do."""
        if self.is_server:
            return Device(claims.ip, claims.user_agent, claims.hints)
        headers = self.request.headers
        return Device(self.request.ip, headers.get("user-agent"), {**claims.hints, **stored_headers(headers)})

    def context(self, sent_at: EpochMs | None, claims: Claims) -> RequestContext:
        """What the raw record says beside its events; the same object for equal arguments."""
        key = (sent_at, claims.ip, claims.user_agent, *claims.hints.items())
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = self._context(sent_at, claims)
        return found

    def _context(self, sent_at: EpochMs | None, claims: Claims) -> RequestContext:
        device = self.device(claims)
        agent = device.user_agent
        return RequestContext(
            site=self.site.name,
            received_at=self.received_at,
            sent_at=sent_at,
            ip=ip_by_policy(device.ip, self.site.ip_policy),
            user_agent=None if agent is None else agent[:MAX_USER_AGENT],
            headers=dict(device.headers),
            is_server=self.is_server,
        )
