"""GET /v1/p.gif: one event in a query, for e-mail and for pages without scripts."""

import base64
from http import HTTPStatus
from typing import Any

from ingest_lambda.adapters.adapter import Adapter, header_or_query_key, json_refused
from ingest_lambda.errors import RequestRefused
from ingest_lambda.events.accept import AcceptedBatch
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response
from schemas import Site

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # 1 x 1, transparent
PLAIN = ("event_id", "visitor_id", "user_id", "language", "search_term")
PAGE = ("url", "title", "referrer")


def read(request: Request, site: Site) -> ReceivedBatch:
    """The query as one event. `event` is page_view unless given; every other field becomes a property.

    `url` is the page's URL, by default the Referer: for an image that is the page it stands on.
    """
    query = {name: value for name, value in request.query.items() if name != "key"}
    event: dict[str, Any] = {"event": query.pop("event", "page_view")}
    event |= {name: query.pop(name) for name in PLAIN if name in query}
    if "ts" in query:
        ts = query.pop("ts")
        event["ts"] = int(ts) if ts.isascii() and ts.isdigit() and len(ts) < 20 else ts
    page = {name: query.pop(name) for name in PAGE if name in query}
    if "url" not in page and "referer" in request.headers:
        page["url"] = request.headers["referer"]
    if page:
        event["page"] = page
    if query:
        event["properties"] = query
    return ReceivedBatch([event])


def accepted(batch: AcceptedBatch) -> Response:
    """The image; a rejected event is named in a header, since nobody reads an image's body."""
    reasons = [event.row.reason.value for event in batch.rejected]
    return Response(HTTPStatus.OK, GIF, {"x-rastro-reason": reasons[0]} if reasons else {})


def refused(why: RequestRefused) -> Response:
    """An image stays an image, so that no broken one is shown."""
    response = json_refused(why)
    return response._replace(body=GIF, headers=dict(response.headers) | {"x-rastro-reason": why.reason.value})


PIXEL = Adapter(("GET",), header_or_query_key, read, accepted, refused, cors=False)
