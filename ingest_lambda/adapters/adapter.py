"""The interface of a protocol: whose request it is, which events it holds, and how to answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ingest_lambda.errors import RequestRefused
from ingest_lambda.events.accept import AcceptedBatch
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response
from schemas import Site


class Adapter(NamedTuple):
    """One protocol. The functions are pure; `read` and `site_key` may raise RequestRefused, the others never raise.

    A request goes through them in this order: `site_key`, `read`, then `accepted` or (also when the request was
    refused before) `refused`.
    """

    methods: tuple[str, ...]
    """HTTP methods of its route. OPTIONS is answered by the app as a preflight, HEAD as GET without a body."""

    site_key: Callable[[Request], str]
    """The site key that the request carries, empty where it has none."""

    read: Callable[[Request, Site], ReceivedBatch]
    """The events of the request, in our form but unchecked: every check and repair comes after it."""

    accepted: Callable[[AcceptedBatch], Response]
    """The response once everything is stored."""

    refused: Callable[[RequestRefused], Response]
    """The response when nothing was taken, in the form that this protocol's clients understand."""

    cors: bool = True
    """Whether pages read the response, so that it needs CORS headers."""

    credentials: bool = False
    """Whether its browser clients always ask with credentials, so that the response must allow them. Harmless: no
    cookie is read or set here, and no response holds anything of a visitor."""

    for_servers: bool = False
    """Whether it takes requests with a secret key only."""

    stores: bool = True
    """Whether the events are stored; else they are only judged."""

    document: Callable[[Request, Site], Response] | None = None
    """A document that clients fetch; the route then takes no events and `read` is never called."""


def json_accepted(batch: AcceptedBatch) -> Response:
    """202 with what was accepted and rejected."""
    return Response(202, batch.summary())


def json_refused(why: RequestRefused) -> Response:
    """The status of the refusal, with its reason and detail."""
    headers = {} if why.retry_after is None else {"retry-after": str(why.retry_after)}
    return Response(why.status, {"reason": why.reason, "detail": why.detail}, headers)


def header_or_query_key(request: Request) -> str:
    """The key as our own protocols carry it: X-Rastro-Key, or ?key= where headers cannot be set."""
    return request.headers.get("x-rastro-key") or request.query.get("key", "")


def unchecked(value: Any) -> list[Any]:
    """A list of events: the value itself, or one event alone."""
    return value if isinstance(value, list) else [value]
