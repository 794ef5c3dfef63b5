"""Logs of AWS load balancers (application and classic), CloudFront, and other W3C logs such as IIS's.

Formats: "Access log entries" in the user guides of both balancers, "Standard log file fields" in CloudFront's, and the
W3C's "Extended Log File Format".
"""

import re
from datetime import UTC, datetime
from urllib.parse import unquote

from rastro.access_log.clients import client_of
from rastro.access_log.line import Line, field, request_parts

_BALANCER = re.compile(
    r"(?:(?P<kind>https?|h2|grpcs|wss?) )?(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*Z) (?P<name>\S+)"
    r" (?P<client>\S+) \S+(?: -?[\d.]+){3} (?P<status>\d{3}|-) (?:\d{3}|-) \d+ \d+"
    r' "(?P<request>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"'
)
_CLOUDFRONT = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)"
    " cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id"
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d[\t ]")


def parse_balancer(text: str) -> tuple[Line, str] | None:
    """The request and the name of the format; None when the line is of no balancer."""
    found = _BALANCER.match(text)
    if found is None:
        return None
    parts = request_parts(found["request"])
    if parts is None:
        return None
    at = datetime.fromisoformat(found["time"])
    status = int(found["status"]) if found["status"].isdigit() else 0
    line = Line(
        client_of([found["client"]]), int(at.timestamp() * 1000), *parts, status, "", field(found["agent"])
    )
    return line, "application load balancer" if found["kind"] else "classic load balancer"


class W3cLog:
    """Lines whose fields a line `#Fields:` names; a log without one is read as CloudFront's."""

    def __init__(self) -> None:
        self._fields = _CLOUDFRONT.split(" ")

    def directive(self, text: str) -> bool:
        """Whether a line is a directive or another comment; the names of the fields are remembered."""
        if text.startswith("#Fields:"):
            self._fields = text.removeprefix("#Fields:").split()
        return text.startswith("#")

    def parse(self, text: str) -> tuple[Line, str] | None:
        """The request and the name of the format; None when the line is in neither."""
        if not _DAY.match(text):
            return None
        values = text.split("\t") if "\t" in text else text.split(" ")
        named = dict(zip(self._fields, values, strict=False))
        try:
            at = datetime.fromisoformat(f"{named['date']} {named['time']}").replace(tzinfo=UTC)
            method, stem, status = named["cs-method"], named["cs-uri-stem"], int(named["sc-status"])
        except (KeyError, ValueError):
            return None
        if not method.isalpha():
            return None
        query = field(named.get("cs-uri-query"))
        is_cloudfront = "x-edge-location" in named
        plain = _twice if is_cloudfront else _once
        client = client_of([named.get("x-forwarded-for", "-"), named.get("c-ip", "-")])
        target = stem + (f"?{query}" if query else "")
        texts = (plain(named.get(f"cs({name})")) for name in ("Referer", "User-Agent"))
        line = Line(client, int(at.timestamp() * 1000), method, target, status, *texts)
        return line, "CloudFront" if is_cloudfront else "W3C"


def _twice(text: str | None) -> str:
    """CloudFront escapes for URLs, and the percent sign of that once more."""
    return unquote(unquote(field(text)))


def _once(text: str | None) -> str:
    return field(text).replace("+", " ")
