"""An HTTP request, read from API Gateway's event (payload format 2.0)."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from ingest_lambda.http.client_ip import client_ip

MAX_QUERY_FIELDS = 200  # parse_qsl stops there: a query is at most some kilobytes, a field at least two bytes


class Request(NamedTuple):
    """`headers` (names in lower case) and `query` have one text per name; `body` is as it came.

    `query_text`: the query before it was read, for protocols with more fields than `query` takes.
    """

    id: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    ip: str | None
    body: str
    is_base64: bool
    query_text: str = ""


def from_gateway(
    event: Mapping[str, Any], fallback_id: str, viewer_header: str | None = None, trusted_proxies: int = 0
) -> Request:
    """Read API Gateway's event; never raises for what a client can send.

    The client's IP address is that of the connection, or what our own proxies wrote into `viewer_header`
    (ingest_lambda/http/client_ip.py). Without one X-Forwarded-For is not read: anybody can write into it.
    """
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    headers = {name.lower(): _text(str(value)) for name, value in (event.get("headers") or {}).items()}
    return Request(
        id=context.get("requestId") or fallback_id,
        method=str(http.get("method", "")).upper(),
        path=_path(event, context, http),
        query=_query(_text(event.get("rawQueryString") or "")),
        headers=headers,
        ip=client_ip(headers, viewer_header, trusted_proxies) or http.get("sourceIp"),
        body=event.get("body") or "",
        is_base64=bool(event.get("isBase64Encoded")),
        query_text=_text(event.get("rawQueryString") or ""),
    )


def _text(value: str) -> str:
    """The text without halves of surrogate pairs, which JSON cannot hold."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _path(event: Mapping[str, Any], context: Mapping[str, Any], http: Mapping[str, Any]) -> str:
    """The path without the stage, and without the slashes that joined URLs double or leave at the end."""
    path = str(event.get("rawPath") or http.get("path") or "/")
    stage = context.get("stage")
    if stage and stage != "$default":  # a named stage is part of the path
        path = path.removeprefix(f"/{stage}") or "/"
    if "//" in path or path.endswith("/"):
        path = "/" + "/".join(part for part in path.split("/") if part)
    return path


def _query(text: str) -> dict[str, str]:
    """The fields, the last of each name; names without the `amp;` of a query that was escaped for HTML too often."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:  # more fields than that
        return {}
    if "amp;" not in text:
        return dict(fields)
    plain = [(_without_amp(name), value) for name, value in fields]
    return dict(plain) | {name: value for name, value in fields if not name.startswith("amp;")}


def _without_amp(name: str) -> str:
    while name.startswith("amp;"):
        name = name[4:]
    return name
