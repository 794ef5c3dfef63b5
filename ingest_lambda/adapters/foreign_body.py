"""Bodies of other makers' clients: the content type they name is no guide to what they send."""

from collections.abc import Callable
from typing import Any

from ingest_lambda.adapters.adapter import header_or_query_key
from ingest_lambda.http.body import JsonBody, read_json, read_text
from ingest_lambda.http.request import Request

MAX_BYTES = 1_048_576  # before the site is known, and with it its own limit


def json_of(request: Request, limit: int = MAX_BYTES) -> JsonBody:
    """The body as JSON, compressed or not, under whatever type.

    Raises:
        RequestRefused: 413 or 400.
    """
    return read_json(_untyped(request), limit=limit)


def text_of(request: Request, limit: int) -> str:
    """The body as text; what is not UTF-8 becomes U+FFFD.

    Raises:
        RequestRefused: 413 or 400.
    """
    return read_text(_untyped(request), limit=limit)


def key_in_body(of_document: Callable[[Any], str | None]) -> Callable[[Request], str]:
    """A `site_key` for keys that stand in the body, unless a header or the query names one."""

    def site_key(request: Request) -> str:
        key = header_or_query_key(request)
        if key or request.method != "POST":
            return key
        return of_document(json_of(request).document) or ""

    return site_key


def _untyped(request: Request) -> Request:
    return request._replace(headers={k: v for k, v in request.headers.items() if k != "content-type"})
