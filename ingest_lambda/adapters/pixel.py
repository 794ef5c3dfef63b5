"""GET /v1/p.gif: one event in a query, for e-mail and for pages without scripts."""

import base64
from typing import Any

from ingest_lambda.http.body import Body
from ingest_lambda.http.request import Request

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # 1 x 1, transparent
PLAIN = ("event_id", "visitor_id", "user_id", "language", "search_term")
PAGE = ("url", "title", "referrer")


def event_of(request: Request) -> Body:
    """The query as one event. `event` is page_view unless given; every other field becomes a property.

    `url` is the page's address, by default the Referer: for an image that is the page it stands on.
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
    return Body([event], sent_at=None, repaired=False, size=0)
