"""One event as the client wrote it → one event as the raw record holds it."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest_lambda.errors import EventRejected
from schemas import Reason, json_file

KNOWN = frozenset(json_file("event.schema.json")["properties"])
MAX_MS = 253_402_300_799_999  # the end of the year 9999
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def normalised(event: dict[str, Any], event_id: str) -> dict[str, Any]:
    """A new event: id in lower case, `ts` in epoch ms, unknown fields in properties.

    `event_id` is for an event that has none. `visitor_id` is left out: it belongs to the record.

    Raises:
        EventRejected: `ts` is no time this side of 1970 and 9999.
    """
    given = event.get("event_id")
    result: dict[str, Any] = {"event_id": given.lower() if given else event_id, "event": event["event"]}
    unknown: dict[str, Any] = {}
    for name, value in event.items():
        if name not in KNOWN:
            unknown[name] = value
        elif name == "ts":
            result["ts"] = _ts(value)
        elif name not in {"event_id", "event", "visitor_id"}:
            result[name] = value
    if unknown:
        result["properties"] = _with_unknown(result.get("properties") or {}, unknown)
    return result


def event_id_of(request_id: str, index: int) -> str:
    """The id of an event that came without one: from the request's id and its place there.

    Not from its content: two page views that look the same are two page views. So a repeated request makes a
    second event, and clients that retry should send ids.
    """
    digest = hashlib.sha256(f"{request_id}\0{index}".encode()).digest()
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF000 << 64) | 0x8000 << 64  # version 8: made by a rule of our own
    number = number & ~(0xC000 << 48) | 0x8000 << 48
    return str(uuid.UUID(int=number))


def epoch_ms(value: Any) -> int | None:
    """A number of epoch milliseconds or an RFC 3339 text as epoch milliseconds; None if it is neither."""
    try:
        ms = _from_text(value) if isinstance(value, str) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return ms if not isinstance(value, bool) and 0 <= ms <= MAX_MS else None


def _ts(value: Any) -> int | None:
    if value is None:
        return None
    ms = epoch_ms(value)
    if ms is None:
        raise EventRejected(Reason.INVALID_EVENT, "ts: not a time between 1970 and 9999")
    return ms


def _from_text(text: str) -> int:
    text = text.upper()
    leap = text[17:19] == "60"  # RFC 3339 allows a leap second, datetime does not
    if leap:
        text = text[:17] + "59" + text[19:]
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no offset")
    return (at - EPOCH) // MILLISECOND + (1000 if leap else 0)


def _with_unknown(properties: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
    """A name that properties has already keeps its value; the other one gets underscores until it is free."""
    result = dict(properties)
    for name, value in unknown.items():
        free = name
        while free in result:
            free += "_"
        result[free] = value
    return result
