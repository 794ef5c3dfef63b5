"""Events of one request → entries for the raw stream: one visitor, one record, in the client's order."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from ingest_lambda.events.visitor import Visitor

# A stream takes records of 1 MiB unless it is told otherwise, and the raw archive's Firehose 1,000 KiB.
MAX_RECORD_BYTES = 1_000_000
MAX_USER_AGENT = 2_048
MAX_HEADER = 512
KEPT_HEADERS = (
    "accept-language",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-ch-ua-platform-version",
    "sec-ch-ua-model",
    "sec-ch-ua-full-version-list",
    "dnt",
    "sec-gpc",
)
MAX_LENGTHS = {"referer": 2_048}


class Entry(NamedTuple):
    """One record of the raw stream.

    `part`: the how-manieth of this visitor; it must not overtake the one before.
    """

    key: str
    data: bytes
    part: int = 0


class Envelope(NamedTuple):
    """What all events of a request share.

    Times are epoch ms; `ip` is already what the site's policy allows.
    """

    site: str
    received_at: int
    sent_at: int | None
    ip: str | None
    user_agent: str | None
    headers: dict[str, str]


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that enrichments read, cut to a sane length, as `sec_ch_ua` and so on."""
    return {
        name.replace("-", "_"): text[: MAX_LENGTHS.get(name, MAX_HEADER)]
        for name in KEPT_HEADERS
        if (text := headers.get(name)) is not None
    }


def entries_of(envelope: Envelope, visitor: Visitor, events: Sequence[bytes]) -> list[Entry]:
    """One entry, or several in order when the events (each as JSON) do not fit into one record."""
    key = f"{envelope.site}/{visitor.id}"
    room = MAX_RECORD_BYTES - len(key.encode()) - len(_record(envelope, visitor, ()))
    entries: list[Entry] = []
    start = size = 0
    for index, event in enumerate(events):
        if size + len(event) + 1 > room:
            entries.append(Entry(key, _record(envelope, visitor, events[start:index]), len(entries)))
            start, size = index, 0
        size += len(event) + 1  # its comma
    entries.append(Entry(key, _record(envelope, visitor, events[start:]), len(entries)))
    return entries


def _record(envelope: Envelope, visitor: Visitor, events: Sequence[bytes]) -> bytes:
    record: dict[str, Any] = {
        "v": 1,
        "site": envelope.site,
        "visitor_id": visitor.id,
        "visitor_kind": visitor.kind,
        "received_at": envelope.received_at,
        "sent_at": envelope.sent_at,
        "ip": envelope.ip,
        "user_agent": envelope.user_agent,
        "headers": envelope.headers,
        "events": [orjson.Fragment(event) for event in events],
    }
    return orjson.dumps(record)
