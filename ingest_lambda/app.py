"""The wiring: what a request goes through, with everything from outside as an argument."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple

from ingest_lambda.accept import Taken, accept
from ingest_lambda.answer import Answer, refusal
from ingest_lambda.cached import Cached, NeverRead
from ingest_lambda.put import DELIVERY_LIMITS, STREAM_LIMITS, entry_size
from ingest_lambda.records import Entry
from ingest_lambda.refuse import Refuse
from ingest_lambda.request import Request
from ingest_lambda.retry import Clock, put_all
from schemas import Reason, Sites

RETRY_AFTER = 3  # seconds: longer than a shard needs to take again, shorter than a visit


class App(NamedTuple):
    """`to_stream` and `to_rejected` send one call and give one error code per entry."""

    sites: Cached[Sites]
    secret: Cached[bytes]
    to_stream: Callable[[Sequence[Entry]], Sequence[str | None]]
    to_rejected: Callable[[Sequence[bytes]], Sequence[str | None]]
    clock: Clock

    def answer(self, request: Request, now: int, deadline: float) -> Answer:
        """Answer one request; `now` is epoch ms, `deadline` is on the clock of the app."""
        try:
            return self._route(request, now, deadline)
        except Refuse as why:
            return refusal(why)

    def _route(self, request: Request, now: int, deadline: float) -> Answer:
        if request.path != "/v1/events":
            raise Refuse(HTTPStatus.NOT_FOUND, Reason.NOT_FOUND, "there is POST /v1/events")
        if request.method != "POST":
            raise Refuse(HTTPStatus.METHOD_NOT_ALLOWED, Reason.METHOD_NOT_ALLOWED, "/v1/events takes POST")
        taken = accept(request, self._sites(), self._secret, now)
        self._store(taken, deadline)
        return Answer(HTTPStatus.ACCEPTED, taken.summary())

    def _store(self, taken: Taken, deadline: float) -> None:
        """Return only when every accepted event and every rejected row is stored."""
        report = put_all(
            taken.entries, self.to_stream, entry_size, STREAM_LIMITS, self.clock, deadline, lambda e: e.part
        )
        if report.missing:
            raise unavailable()
        report = put_all(taken.rows, self.to_rejected, len, DELIVERY_LIMITS, self.clock, deadline)
        if report.missing:
            raise unavailable()

    def _sites(self) -> Sites:
        try:
            return self.sites.get(self.clock.now())
        except NeverRead:
            raise unavailable() from None

    def _secret(self) -> bytes:
        try:
            return self.secret.get(self.clock.now())
        except NeverRead:
            raise unavailable() from None


def unavailable() -> Refuse:
    """What the client hears when its events could not be made safe."""
    return Refuse(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Reason.UNAVAILABLE,
        "not every event could be stored; send the whole request again: no event_id is counted twice",
        retry_after=RETRY_AFTER,
    )
