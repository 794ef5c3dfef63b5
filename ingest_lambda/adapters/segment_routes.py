"""The paths of Segment's HTTP API and of its relatives, and the answers their clients understand."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from functools import partial

from ingest_lambda.adapters.adapter import Adapter, header_or_query_key
from ingest_lambda.adapters.foreign_body import json_of
from ingest_lambda.adapters.segment import messages_of, write_key_of
from ingest_lambda.adapters.segment_settings import of_rudderstack, of_segment
from ingest_lambda.adapters.translation import received
from ingest_lambda.errors import RequestRefused
from ingest_lambda.events.accept import AcceptedBatch
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response
from schemas import Site

KINDS = ("track", "page", "screen", "identify", "group", "alias")
SETTINGS = "/v1/projects/"
"""Before a write key and `/settings`: what @segment/analytics-next fetches."""


def site_key(request: Request) -> str:
    """The write key: of Basic authentication, Jitsu's header, the query, or else the body."""
    key = header_or_query_key(request) or _basic_user(request.headers.get("authorization", ""))
    key = key or request.headers.get("x-write-key", "").partition(":")[0] or request.query.get("writeKey", "")
    if key or request.method != "POST":
        return key
    return write_key_of(json_of(request).document) or ""


def accepted(batch: AcceptedBatch) -> Response:
    """200: RudderStack's Python client takes any other success for a failure, and sends again."""
    return Response(200, {"success": True} | batch.summary())


def refused(why: RequestRefused) -> Response:
    """Clients repeat 429 and 5xx and give everything else up."""
    headers = {} if why.retry_after is None else {"retry-after": str(why.retry_after)}
    return Response(why.status, {"success": False, "reason": why.reason, "detail": why.detail}, headers)


def _read(kind: str | None, request: Request, site: Site) -> ReceivedBatch:
    body = json_of(request, site.max_body_bytes)
    return received(messages_of(body.document, kind), body)


def _basic_user(authorization: str) -> str:
    """The user name of Basic authentication; RFC 7617."""
    scheme, _, packed = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(packed.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _adapter(kind: str | None, *, for_servers: bool = False) -> Adapter:
    read = partial(_read, kind)
    return Adapter(("POST", "OPTIONS"), site_key, read, accepted, refused, for_servers=for_servers)


def _key_in_path(request: Request) -> str:
    return request.path.removeprefix(SETTINGS).partition("/")[0]


def _settings(request: Request, site: Site) -> Response:
    host = request.headers.get("host", "")
    scheme = "http" if host.partition(":")[0] in {"127.0.0.1", "localhost"} else "https"
    return Response(200, of_segment(_key_in_path(request), f"{host}/v1", scheme))


def _source_config(request: Request, site: Site) -> Response:
    return Response(200, of_rudderstack(site_key(request)))


def _no_events(request: Request, site: Site) -> ReceivedBatch:
    return ReceivedBatch([])


SEGMENT_SETTINGS = Adapter(
    ("GET", "OPTIONS"), _key_in_path, _no_events, accepted, refused, document=_settings
)
_RUDDERSTACK = Adapter(("GET", "OPTIONS"), site_key, _no_events, accepted, refused, document=_source_config)

ROUTES: Mapping[str, Adapter] = {
    **{f"/v1/{kind}": _adapter(kind) for kind in KINDS},
    **{f"/v1/{kind[0]}": _adapter(kind) for kind in KINDS},  # of the browser: t p s i g a
    "/v1/batch": _adapter(None),
    "/v1/b": _adapter(None),
    "/v1/import": _adapter(None, for_servers=True),
    "/beacon/v1/batch": _adapter(None),  # RudderStack's, with ?writeKey=
    **{f"/api/s/{kind}": _adapter(kind) for kind in KINDS},  # Jitsu's
    **{f"/api/s/s2s/{kind}": _adapter(kind) for kind in KINDS},
    "/sourceConfig": _RUDDERSTACK,
    "/sourceConfig/": _RUDDERSTACK,
}
