"""One line of the combined log format, which Apache, nginx and many proxies write."""

import re
from datetime import datetime
from typing import NamedTuple


class Line(NamedTuple):
    """A request. `at` is epoch milliseconds; `target` is the path with its query; absent fields are empty."""

    address: str
    at: int
    method: str
    target: str
    status: int
    referrer: str
    agent: str


# address identity user [time] "request" status size "referrer" "agent", and whatever a server adds behind.
# A quote inside a quoted field is written \" and a backslash \\.
_COMBINED = re.compile(
    r"(?P<address>\S+) \S+ .*?\[(?P<time>[^\]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?:\d+|-)'
    r'(?: "(?P<referrer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
_ESCAPE = re.compile(r'\\(x[0-9a-fA-F]{2}|["\\])')


def parse(text: str) -> Line | None:
    """Read a line; None when it is not in the format."""
    found = _COMBINED.match(text)
    if found is None:
        return None
    words = found["request"].split(" ")
    if len(words) < 2 or not words[0].isalpha():
        return None
    try:
        at = datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        return None
    return Line(
        address=found["address"],
        at=int(at.timestamp() * 1000),
        method=words[0],
        target=" ".join(words[1:-1] if words[-1].startswith("HTTP/") and len(words) > 2 else words[1:]),
        status=int(found["status"]),
        referrer=_field(found["referrer"]),
        agent=_field(found["agent"]),
    )


def _field(text: str | None) -> str:
    if text is None or text == "-":
        return ""
    return _ESCAPE.sub(_unescape, text)


def _unescape(found: re.Match[str]) -> str:
    escaped = found[1]
    return chr(int(escaped[1:], 16)) if escaped[0] == "x" else escaped
