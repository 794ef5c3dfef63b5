"""The common and the combined log format, with all that servers put before and behind them."""

import re
from datetime import datetime

from rastro.access_log.clients import client_of, host_name, ip_of, is_private
from rastro.access_log.line import Line, field, request_parts

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
# [time] "request" status size "referrer" "agent" and the rest. A quote inside a field is \" and a backslash \\.
_CORE = re.compile(
    r"\[(?P<time>\d{1,4}[/-]\w{1,3}[/-][^\]\s]{4,20}(?: [+-]\d{4})?)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?:\d+|-)'
    r'(?: "(?P<referrer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<rest>.*)'
)
_REST = re.compile(_QUOTED)
_LIST = re.compile(r",\s+")


def parse(text: str) -> tuple[Line, str] | None:
    """The request and the name of the format; None when the line is in none of them."""
    found = _CORE.search(text)
    if found is None or found.start() > 4_096:
        return None
    parts, at = request_parts(found["request"]), _time(found["time"])
    client = _client(text[: found.start()], found["rest"])
    if parts is None or at is None or client is None:
        return None
    name_or_ip, layout = client
    name = ("combined" if found["agent"] is not None else "common") + layout
    agent, referrer = field(found["agent"]), field(found["referrer"])
    return Line(name_or_ip, at, *parts, int(found["status"]), referrer, agent), name


def _client(head: str, rest: str) -> tuple[str, str] | None:
    """The client and the name of the layout, from what stands before the time and behind the agent.

    Before the time stand: client, identity, user; in some layouts the virtual host comes first. The client may be a
    list of forwarded IP addresses, in quotes, in brackets or with a port.
    """
    words = _LIST.sub(",", head).split()
    if len(words) < 2:
        return None
    first, second = words[0], words[1]
    with_host = ip_of(second) is not None and "," not in first and len(words) >= 3
    client = client_of([second if with_host else first])
    layout = ", virtual host first" if with_host else ", forwarded IP addresses" if "," in first else ""
    if not client or is_private(client):
        behind = client_of(_REST.findall(rest))
        if behind:
            return behind, layout + ", IP address behind"
    if client:
        return client, layout
    name = host_name(first) if "." in first or len(words) == 3 else ""
    if first != "-" and "," not in first and not name:
        return None  # what stands here is no client: the line is of another format
    return name, layout


def _time(text: str) -> int | None:
    try:
        at = (
            datetime.fromisoformat(text)
            if text[:4].isdigit()
            else datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z")
        )
    except ValueError:
        return None
    return None if at.tzinfo is None else int(at.timestamp() * 1000)
