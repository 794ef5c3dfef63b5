"""Handles one request: route → site → events → store → response. Everything from outside is an argument."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from ingest_lambda.adapters.adapter import Adapter, json_refused
from ingest_lambda.aws.put_all import FIRST_PAUSE, LONGEST_PAUSE, Clock, PutRefused, PutReport, Send, put_all
from ingest_lambda.aws.refreshing import NeverLoaded, Refreshing
from ingest_lambda.aws.senders import DELIVERY_LIMITS, STREAM_LIMITS, record_size
from ingest_lambda.errors import MethodNotAllowed, RequestRefused
from ingest_lambda.events.accept import AcceptContext, AcceptedBatch, accept
from ingest_lambda.events.history import ImportFile
from ingest_lambda.events.raw_records import StreamRecord
from ingest_lambda.events.refused_ids import refused_ids
from ingest_lambda.events.rejected_rows import Payload
from ingest_lambda.health import VERDICT_SECONDS, heartbeat
from ingest_lambda.http.cors import cors_headers, preflight
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response
from ingest_lambda.http.site_keys import check_origin, check_secret
from ingest_lambda.metrics import INTERNAL, request_line
from ingest_lambda.request_log import RequestLog
from ingest_lambda.routes import HEALTH, HEALTH_METHODS, METHODS, POST_PATH, route_of
from ingest_lambda.scripts import METHODS as SCRIPT_METHODS
from ingest_lambda.scripts import Scripts
from schemas import KeyHolder, Reason, Site, Sites
from schemas.times import EpochMs, MonotonicSeconds

NO_SUCH_KEY = "no site has this key; send it as X-Rastro-Key, as ?key=, or as your client's own protocol does"
Document = TypeVar("Document")

RETRY_AFTER = 3  # seconds: a shard takes again after one, and a page may be closed after ten


@dataclass(slots=True)
class App:
    """`to_payloads` stores a payload or a file of imports, or raises PutRefused. `write_log` writes one line.
    `environment`, `payloads` and `imports` are as in the settings; `scripts`: the tracker's files.
    """

    sites: Refreshing[Sites]
    secret: Refreshing[bytes]
    to_stream: Send[StreamRecord]
    to_rejected: Send[bytes]
    to_payloads: Callable[[Payload | ImportFile], None]
    write_log: Callable[[bytes], None]
    clock: Clock
    environment: str = "default"
    payloads: str | None = None
    imports: str | None = None
    scripts: Scripts = field(default_factory=lambda: Scripts(""))
    _health: tuple[float, bool] = field(default=(float("-inf"), False))

    def answer(self, request: Request, now: EpochMs, deadline: MonotonicSeconds) -> Response:
        """Answer one request; `now` is epoch ms, `deadline` is on the clock of the app. Never raises."""
        log = RequestLog(request.id)
        try:
            response = self._dispatch(request, log, now, deadline)
        except RequestRefused as why:
            log.refused = why.reason
            log.event_ids = refused_ids(request)
            response = self._refusal(why, request, log)
        except Exception as error:  # noqa: BLE001 - nothing was promised; the client may try again
            log.cause = f"{INTERNAL}: {type(error).__name__} at {_code_location(error)}"
            log.event_ids = refused_ids(request)
            response = self._refusal(unavailable(), request, log)
        if request.method == "HEAD":
            response = response._replace(is_head=True)
        log.status = int(response.status)
        self.write_log(request_line(log, self.environment, now))
        return response

    def _dispatch(
        self, request: Request, log: RequestLog, now: EpochMs, deadline: MonotonicSeconds
    ) -> Response:
        if request.path == HEALTH:
            _check_method(request, HEALTH_METHODS)
            log.route = HEALTH
            return self._health_response(self._sites(log, deadline), log, now)
        if self.scripts.serves(request):
            _check_method(request, SCRIPT_METHODS)
            log.route = f"{self.scripts.path}*"
            found = self.scripts.response(request)
            if found is None:
                raise RequestRefused(HTTPStatus.NOT_FOUND, Reason.NOT_FOUND, "there is no such script")
            return found
        route = route_of(request.path)
        if route is not None:  # the documents of the sites have no say in it
            _check_method(request, route[1].methods)
            log.route, log.adapter = route
        sites = self._sites(log, deadline)
        if route is None:
            route = _named_route(request, sites)
            _check_method(request, route[1].methods)
            log.route, log.adapter = route
        adapter = route[1]
        if request.method == "OPTIONS":
            holder = sites.holder_of(adapter.site_key(request))
            site = None if holder is None else holder.site
            return preflight(request, adapter.methods, site, sites, credentials=adapter.credentials)
        holder = _holder(request, adapter, sites)
        log.site = holder.site.name
        if adapter.document is not None:
            return _with_cors(adapter.document(request, holder.site), request, adapter, holder.site, sites)
        if request.method == "HEAD":  # a monitor or a link checker, and no view: nothing is stored
            return adapter.accepted(AcceptedBatch(0, [], []))
        batch = self._accept(request, holder, adapter, log, now, deadline)
        if adapter.stores:
            self._store(batch, log, deadline)
        return _with_cors(adapter.accepted(batch), request, adapter, holder.site, sites)

    def _accept(
        self,
        request: Request,
        holder: KeyHolder,
        adapter: Adapter,
        log: RequestLog,
        now: EpochMs,
        deadline: MonotonicSeconds,
    ) -> AcceptedBatch:
        received = adapter.read(request, holder.site)
        log.body_bytes = received.size
        secret = partial(self._secret, log, deadline)
        context = AcceptContext(secret, now, self.payloads, self.imports, is_server=holder.is_secret)
        batch = accept(request, holder.site, received, context)
        if not adapter.stores:
            return batch
        log.accepted = batch.accepted
        log.rejected.update(event.row.reason for event in batch.rejected)
        return batch

    def _store(self, batch: AcceptedBatch, log: RequestLog, deadline: MonotonicSeconds) -> None:
        """Return only when every accepted event and every rejected row is stored."""
        log.raw_put = put_all(
            batch.records,
            self.to_stream,
            record_size,
            STREAM_LIMITS,
            self.clock,
            deadline,
            lambda record: record.part,
        )
        _raise_unless_stored(log.raw_put, log)
        if batch.imports is not None:
            self._store_payload(batch.imports, log)
        for event in batch.rejected:
            if event.payload is not None:
                self._store_payload(event.payload, log)
        rows = [event.line for event in batch.rejected]
        log.rejected_put = put_all(rows, self.to_rejected, len, DELIVERY_LIMITS, self.clock, deadline)
        _raise_unless_stored(log.rejected_put, log)

    def _store_payload(self, payload: Payload | ImportFile, log: RequestLog) -> None:
        try:
            self.to_payloads(payload)
        except PutRefused as error:
            log.cause = str(error)
            raise unavailable() from None

    def _health_response(self, sites: Sites, log: RequestLog, now: EpochMs) -> Response:
        tried_at, writable = self._health
        if self.clock.now() >= tried_at + VERDICT_SECONDS:
            # One attempt: a throttled stream is not one that takes what comes next.
            record = heartbeat(sites, now)
            report = put_all([record], self.to_stream, record_size, STREAM_LIMITS, self.clock, float("-inf"))
            writable = not report.missing
            log.raw_put, log.cause = report, report.last_error
            self._health = (self.clock.now(), writable)
        if writable:
            return Response(HTTPStatus.OK, {"status": "ok", "sites_version": sites.version})
        raise RequestRefused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            Reason.UNAVAILABLE,
            "the raw stream takes no records",
            retry_after=RETRY_AFTER,
        )

    def _refusal(self, why: RequestRefused, request: Request, log: RequestLog) -> Response:
        adapter = log.adapter
        response = json_refused(why) if adapter is None else adapter.refused(why)
        if isinstance(why, MethodNotAllowed):
            return response.with_headers({"allow": ", ".join(why.methods)})
        if adapter is None or not adapter.cors:
            return response
        try:
            sites = self.sites.get(self.clock.now())
            holder = sites.holder_of(adapter.site_key(request))
            site = None if holder is None else holder.site
        except NeverLoaded:
            return response
        except RequestRefused:  # the key lies in a body that cannot be read
            site = None
        return _with_cors(response, request, adapter, site, sites)

    def _sites(self, log: RequestLog, deadline: MonotonicSeconds) -> Sites:
        return self._loaded(self.sites, "no sites document", log, deadline)

    def _secret(self, log: RequestLog, deadline: MonotonicSeconds) -> bytes:
        return self._loaded(self.secret, "no secret for cookieless visitors", log, deadline)

    def _loaded(
        self, document: Refreshing[Document], absent: str, log: RequestLog, deadline: MonotonicSeconds
    ) -> Document:
        """A document; while there is none at all, ask again within the request's time.

        When many instances start at once their first reads are throttled: they must spread, not give up.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return document.get(self.clock.now())
            except NeverLoaded as why:
                wait = pause * (0.5 + self.clock.jitter())
                if not why.is_transient or self.clock.now() + wait >= deadline:
                    log.cause = absent
                    raise unavailable() from None
            self.clock.sleep(wait)
            pause = min(LONGEST_PAUSE, pause * 2)


def unavailable() -> RequestRefused:
    """The refusal of a request whose events could not all be stored."""
    return RequestRefused(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Reason.UNAVAILABLE,
        "not every event could be stored; send the whole request again: no event_id is counted twice",
        retry_after=RETRY_AFTER,
    )


def _check_method(request: Request, methods: tuple[str, ...]) -> None:
    if request.method not in methods:
        detail = f"{request.path} takes {', '.join(methods)}"
        raise MethodNotAllowed(detail, methods)


def _named_route(request: Request, sites: Sites) -> tuple[str, Adapter]:
    """The route of a path that only a site knows."""
    if any(request.path in site.post_paths for site in sites.by_name.values()):
        return POST_PATH
    raise RequestRefused(HTTPStatus.NOT_FOUND, Reason.NOT_FOUND, f"there are {', '.join(METHODS)}")


def _holder(request: Request, adapter: Adapter, sites: Sites) -> KeyHolder:
    holder = sites.holder_of(adapter.site_key(request))
    if holder is None:
        raise RequestRefused(HTTPStatus.UNAUTHORIZED, Reason.UNKNOWN_KEY, NO_SUCH_KEY)
    if holder.is_secret:
        check_secret(request)
    elif adapter.for_servers:
        detail = "this path is for servers; send a secret key of the site"
        raise RequestRefused(HTTPStatus.FORBIDDEN, Reason.SECRET_KEY_NEEDED, detail)
    check_origin(request, holder.site)
    return holder


def _with_cors(
    response: Response, request: Request, adapter: Adapter, site: Site | None, sites: Sites
) -> Response:
    if not adapter.cors:
        return response
    origin = request.headers.get("origin")
    return response.with_headers(cors_headers(origin, site, sites, credentials=adapter.credentials))


def _raise_unless_stored(report: PutReport, log: RequestLog) -> None:
    if report.missing:
        log.cause = report.last_error
        raise unavailable()


def _code_location(error: BaseException) -> str:
    """The position of an error as file:line, without its message: that may hold what the client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[:-4:-1])
