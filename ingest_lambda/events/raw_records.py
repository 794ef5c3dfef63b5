"""Builds records of the raw stream from the events of one request: one per visitor, in the client's order."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from ingest_lambda.events.visitor import Visitor
from schemas.times import EpochMs

# A stream takes records of 1 MiB unless it is configured for more, and the raw archive's Firehose 1,000 KiB.
MAX_RECORD_BYTES = 1_000_000
MAX_USER_AGENT = 2_048
MAX_HEADER = 512
STORED_HEADERS = (
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


class StreamRecord(NamedTuple):
    """One record of the raw stream.

    `part`: 0-based position among this visitor's records in the request; they must be sent in this order.
    """

    partition_key: str
    data: bytes
    part: int = 0


class RequestContext(NamedTuple):
    """What all events of a request share.

    Times are epoch ms; `ip` is already what the site's policy allows. `is_server`: a server with a secret key
    sent them; IP address, user agent and headers are then what it says of the visitor's device.
    """

    site: str
    received_at: EpochMs
    sent_at: EpochMs | None
    ip: str | None
    user_agent: str | None
    headers: dict[str, str]
    is_server: bool = False


def stored_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that enrichments read, cut to a sane length, as `sec_ch_ua` and so on."""
    return {
        name.replace("-", "_"): text[: MAX_LENGTHS.get(name, MAX_HEADER)]
        for name in STORED_HEADERS
        if (text := headers.get(name)) is not None
    }


def records_of(
    context: RequestContext, visitor: Visitor, events: Sequence[bytes], first_part: int = 0
) -> list[StreamRecord]:
    """One record, or several in order when the events (each as JSON) do not fit into one record.

    `first_part`: how many records of this visitor come before.
    """
    key = f"{context.site}/{visitor.id}"
    room = MAX_RECORD_BYTES - len(key.encode()) - len(_record(context, visitor, ()))
    records: list[StreamRecord] = []
    start = size = 0
    for index, event in enumerate(events):
        if size + len(event) + 1 > room:
            part = first_part + len(records)
            records.append(StreamRecord(key, _record(context, visitor, events[start:index]), part))
            start, size = index, 0
        size += len(event) + 1  # its comma
    part = first_part + len(records)
    records.append(StreamRecord(key, _record(context, visitor, events[start:]), part))
    return records


def _record(context: RequestContext, visitor: Visitor, events: Sequence[bytes]) -> bytes:
    record: dict[str, Any] = {
        "v": 1,
        "site": context.site,
        "visitor_id": visitor.id,
        "visitor_kind": visitor.kind,
        "received_at": context.received_at,
        "sent_at": context.sent_at,
        "ip": context.ip,
        "user_agent": context.user_agent,
        "headers": context.headers,
        "events": [orjson.Fragment(event) for event in events],
    }
    if context.is_server:
        record["trusted_server"] = True
    return orjson.dumps(record)
