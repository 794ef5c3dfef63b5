"""GET /v1/p.gif: one event in a query, for e-mail and for pages without scripts."""

import base64
from http import HTTPStatus
from typing import Any

from ingest_lambda.adapters.adapter import Adapter, header_or_query_key, json_refused
from ingest_lambda.errors import RequestRefused
from ingest_lambda.events.accept import AcceptedBatch
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.events.normalise.ecommerce import FLAT
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response
from schemas import Site

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # 1 x 1, transparent
PLAIN = ("event_id", "visitor_id", "user_id", "ts", "language", "search_term", "consent", "ecommerce", *FLAT)
PAGE = ("url", "title", "referrer")


def read(request: Request, site: Site) -> ReceivedBatch:
    """The query as one event; without `url` the page is the Referer: an image stands on a page."""
    fields = {name: value for name, value in request.query.items() if name != "key"}
    return ReceivedBatch([event_of_fields(fields, request.headers.get("referer"))])


def event_of_fields(fields: dict[str, str], referer: str | None) -> dict[str, Any]:
    """An event of named texts. `event` is page_view unless given, `url` is the page's URL.

    `items`, `ecommerce` and `consent` may be JSON text; every field without a meaning becomes a property.
    """
    rest = dict(fields)
    event: dict[str, Any] = {"event": rest.pop("event", "page_view")}
    event |= {name: rest.pop(name) for name in PLAIN if name in rest}
    if (ts := event.get("ts", "")).isascii() and ts.isdigit() and len(ts) < 20:
        event["ts"] = int(ts)  # a query has only texts, so this is no repair
    page = {name: rest.pop(name) for name in PAGE if name in rest}
    if "url" not in page and referer is not None:
        page["url"] = referer
    if page:
        event["page"] = page
    if rest:
        event["properties"] = rest
    return event


def accepted(batch: AcceptedBatch) -> Response:
    """The image; a rejected event is named in a header, since nobody reads an image's body."""
    reasons = [event.row.reason.value for event in batch.rejected]
    return Response(HTTPStatus.OK, GIF, {"x-rastro-reason": reasons[0]} if reasons else {})


def refused(why: RequestRefused) -> Response:
    """An image stays an image, so that no broken one is shown."""
    response = json_refused(why)
    return response._replace(body=GIF, headers=dict(response.headers) | {"x-rastro-reason": why.reason.value})


PIXEL = Adapter(("GET", "HEAD"), header_or_query_key, read, accepted, refused, cors=False)
