"""Logs of JSON, one object a line: nginx's and Apache's own layouts, Caddy, Traefik, Google's balancer, ECS."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from ingest_lambda.events.normalise.times import read_time
from rastro.access_log.clients import client_of
from rastro.access_log.line import Line, request_parts

# The names of each field, best first, in lower case; nested ones are joined by dots.
_CLIENT = (
    *(
        "http_x_forwarded_for",
        "x_forwarded_for",
        "x-forwarded-for",
        "request.client_ip",
        "client_ip",
        "clientip",
    ),
    *("request.remote_ip", "remote_addr", "remote_ip", "remoteaddr", "clienthost", "clientaddr", "client.ip"),
    *("source.ip", "httprequest.remoteip", "request.remote_addr", "remote_host", "ip", "client", "host_ip"),
)
_TIME = (
    *(
        "time_iso8601",
        "time_local",
        "@timestamp",
        "timestamp",
        "startutc",
        "startlocal",
        "msec",
        "ts",
        "time",
    ),
    *("date", "datetime"),
)
_METHOD: tuple[str, ...] = (
    "request_method",
    "request.method",
    "requestmethod",
    "method",
    "httprequest.requestmethod",
)
_METHOD += ("http.request.method", "verb")
_TARGET = (
    "request_uri",
    "request.uri",
    "requestpath",
    "httprequest.requesturl",
    "url.original",
    "uri",
    "path",
    "url",
)
_STATUS = (
    "status",
    "downstreamstatus",
    "httprequest.status",
    "http.response.status_code",
    "status_code",
    "response",
)
_REFERRER: tuple[str, ...] = ("http_referer", "referer", "referrer", "http_referrer", "request_referer")
_REFERRER += ("httprequest.referer", "request.headers.referer", "http.request.referrer")
_AGENT: tuple[str, ...] = (
    "http_user_agent",
    "user_agent",
    "user-agent",
    "useragent",
    "agent",
    "request_user-agent",
)
_AGENT += ("httprequest.useragent", "request.headers.user-agent", "user_agent.original")
_REQUEST = ("request", "request_line", "requestline")


def parse(text: str) -> tuple[Line, str] | None:
    """The request and the name of the format; None when the line is no JSON of a request."""
    document = json_object(text)
    if document is None:
        return None
    named = {name.lower(): value for name, value in _flat(document, "", 3)}
    parts = _parts(named)
    at = _time(_first(named, _TIME))
    status = _first(named, _STATUS)
    if parts is None or at is None or not str(status).isdigit():
        return None
    client = client_of(str(named[name]) for name in _CLIENT if named.get(name))
    texts = (str(_first(named, names) or "").removeprefix("-") for names in (_REFERRER, _AGENT))
    return Line(client, at, *parts, int(str(status)), *texts), "JSON"


def json_object(text: str) -> dict[str, Any] | None:
    """A line that is a JSON object."""
    if not text.startswith("{"):
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _flat(document: Mapping[str, Any], before: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and depth:
            yield from _flat(value, f"{before}{name}.", depth - 1)
        elif isinstance(value, list):
            yield before + name, value[0] if value else None
        else:
            yield before + name, value


def _first(named: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((named[name] for name in names if named.get(name) not in {None, "", "-"}), None)


def _parts(named: Mapping[str, Any]) -> tuple[str, str] | None:
    method, target = _first(named, _METHOD), _first(named, _TARGET)
    if isinstance(method, str) and isinstance(target, str) and method.isalpha():
        return method, target
    request = _first(named, _REQUEST)
    return request_parts(request) if isinstance(request, str) else None


def _time(value: Any) -> int | None:
    found = read_time(value).ms
    if found is not None or not isinstance(value, str):
        return found
    try:
        return int(datetime.strptime(value, "%d/%b/%Y:%H:%M:%S %z").timestamp() * 1000)
    except ValueError:
        return None
