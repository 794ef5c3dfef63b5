"""The way of a request: route, site, events, stored, answered, told.

Everything from outside is an argument.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from ingest_lambda.adapters.pixel import GIF, event_of
from ingest_lambda.aws.put_all import CannotPut, Clock, Report, Send, put_all
from ingest_lambda.aws.refreshing import Cached, NeverRead
from ingest_lambda.aws.senders import DELIVERY_LIMITS, STREAM_LIMITS, entry_size
from ingest_lambda.errors import Refuse
from ingest_lambda.events.accept import Means, Taken, accept, body_of
from ingest_lambda.events.raw_records import Entry
from ingest_lambda.events.rejected_rows import Payload
from ingest_lambda.health import EVERY, heartbeat
from ingest_lambda.http.body import Body
from ingest_lambda.http.cors import cors_headers, preflight
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Answer, refusal
from ingest_lambda.http.site_keys import keyed_site, site_of
from ingest_lambda.metrics import INTERNAL, lines
from ingest_lambda.request_log import Facts
from schemas import Reason, Site, Sites

RETRY_AFTER = 3  # seconds: a shard takes again after one, and a page may be closed after ten
EVENTS, PIXEL, HEALTH = "/v1/events", "/v1/p.gif", "/v1/health"
ROUTES = {EVENTS: ("POST", "OPTIONS"), PIXEL: ("GET",), HEALTH: ("GET",)}


@dataclass(slots=True)
class App:
    """`to_payloads` stores a payload or raises CannotPut. `tell` writes a log line. `environment` and `payloads`
    are as in the settings.
    """

    sites: Cached[Sites]
    secret: Cached[bytes]
    to_stream: Send[Entry]
    to_rejected: Send[bytes]
    to_payloads: Callable[[Payload], None]
    tell: Callable[[bytes], None]
    clock: Clock
    environment: str = "default"
    payloads: str | None = None
    _health: tuple[float, bool] = field(default=(float("-inf"), False))

    def answer(self, request: Request, now: int, deadline: float) -> Answer:
        """Answer one request; `now` is epoch ms, `deadline` is on the clock of the app. Never raises."""
        facts = Facts(request.id)
        try:
            answer = self._routed(request, facts, now, deadline)
        except Refuse as why:
            facts.refused = why.reason
            answer = self._refusal(why, request, facts)
        except Exception as error:  # noqa: BLE001 - nothing was promised; the client may try again
            facts.cause = f"{INTERNAL}: {type(error).__name__} at {_place(error)}"
            answer = self._refusal(unavailable(), request, facts)
        facts.status = int(answer.status)
        for line in lines(facts, self.environment, now):
            self.tell(line)
        return answer

    def _routed(self, request: Request, facts: Facts, now: int, deadline: float) -> Answer:
        if request.path not in ROUTES:
            raise Refuse(HTTPStatus.NOT_FOUND, Reason.NOT_FOUND, f"there are {', '.join(ROUTES)}")
        if request.method not in ROUTES[request.path]:
            detail = f"{request.path} takes {', '.join(ROUTES[request.path])}"
            raise Refuse(HTTPStatus.METHOD_NOT_ALLOWED, Reason.METHOD_NOT_ALLOWED, detail)
        facts.route = request.path
        sites = self._sites(facts)
        if request.path == HEALTH:
            return self._healthy(sites, facts, now)
        if request.method == "OPTIONS":
            return preflight(request, keyed_site(request, sites), sites)
        site = site_of(request, sites)
        facts.site = site.name
        body = event_of(request) if request.path == PIXEL else body_of(request, site)
        taken = self._taken(request, site, body, facts, now)
        self._store(taken, facts, deadline)
        if request.path == PIXEL:
            told = [{"x-rastro-reason": one.row.reason.value} for one in taken.rejected]
            return Answer(HTTPStatus.OK, GIF, told[0] if told else {})
        return Answer(
            HTTPStatus.ACCEPTED,
            taken.summary(),
            cors_headers(request.headers.get("origin"), site, sites),
        )

    def _taken(self, request: Request, site: Site, body: Body, facts: Facts, now: int) -> Taken:
        facts.body_bytes = body.size
        taken = accept(request, site, body, Means(lambda: self._secret(facts), now, self.payloads))
        facts.accepted = taken.accepted
        facts.rejected.update(one.row.reason for one in taken.rejected)
        return taken

    def _store(self, taken: Taken, facts: Facts, deadline: float) -> None:
        """Return only when every accepted event and every rejected row is stored."""
        facts.put = put_all(
            taken.entries,
            self.to_stream,
            entry_size,
            STREAM_LIMITS,
            self.clock,
            deadline,
            lambda entry: entry.part,
        )
        _insist(facts.put, facts)
        for one in taken.rejected:
            if one.payload is not None:
                self._store_payload(one.payload, facts)
        rows = [one.line for one in taken.rejected]
        facts.kept = put_all(rows, self.to_rejected, len, DELIVERY_LIMITS, self.clock, deadline)
        _insist(facts.kept, facts)

    def _store_payload(self, payload: Payload, facts: Facts) -> None:
        try:
            self.to_payloads(payload)
        except CannotPut as error:
            facts.cause = str(error)
            raise unavailable() from None

    def _healthy(self, sites: Sites, facts: Facts, now: int) -> Answer:
        tried_at, writable = self._health
        if self.clock.now() >= tried_at + EVERY:
            # One attempt: a throttled stream is not one that takes what comes next.
            report = put_all(
                [heartbeat(sites, now)], self.to_stream, entry_size, STREAM_LIMITS, self.clock, float("-inf")
            )
            writable = not report.missing
            facts.put, facts.cause = report, report.last_error
            self._health = (self.clock.now(), writable)
        if writable:
            return Answer(HTTPStatus.OK, {"status": "ok", "sites_version": sites.version})
        raise Refuse(
            HTTPStatus.SERVICE_UNAVAILABLE,
            Reason.UNAVAILABLE,
            "the raw stream takes no records",
            retry_after=RETRY_AFTER,
        )

    def _refusal(self, why: Refuse, request: Request, facts: Facts) -> Answer:
        answer = refusal(why)
        if facts.route == PIXEL:  # an image stays an image, so that no broken one is shown
            return answer._replace(
                body=GIF, headers=dict(answer.headers) | {"x-rastro-reason": why.reason.value}
            )
        if why.status == HTTPStatus.METHOD_NOT_ALLOWED:
            allow = ", ".join(ROUTES[request.path])
            answer = answer._replace(headers=dict(answer.headers) | {"allow": allow})
        if facts.route != EVENTS:
            return answer
        try:
            sites = self.sites.get(self.clock.now())
        except NeverRead:
            return answer
        more = cors_headers(request.headers.get("origin"), keyed_site(request, sites), sites)
        return answer._replace(headers=dict(answer.headers) | dict(more))

    def _sites(self, facts: Facts) -> Sites:
        try:
            return self.sites.get(self.clock.now())
        except NeverRead:
            facts.cause = "no sites document"
            raise unavailable() from None

    def _secret(self, facts: Facts) -> bytes:
        try:
            return self.secret.get(self.clock.now())
        except NeverRead:
            facts.cause = "no secret for cookieless visitors"
            raise unavailable() from None


def unavailable() -> Refuse:
    """What the client hears when its events could not be made safe."""
    return Refuse(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Reason.UNAVAILABLE,
        "not every event could be stored; send the whole request again: no event_id is counted twice",
        retry_after=RETRY_AFTER,
    )


def _insist(report: Report, facts: Facts) -> None:
    if report.missing:
        facts.cause = report.last_error
        raise unavailable()


def _place(error: BaseException) -> str:
    """Where it happened, as file:line. The message is left out: it may hold what the client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[:-4:-1])
