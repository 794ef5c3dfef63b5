"""The rejected table: what could not become an enriched event, with the whole original payload and the reason."""

import gzip
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import orjson

from schemas.columns import Column

MAX_DETAIL = 500
"""Characters of the detail."""
MAX_PLAIN = 200_000
"""Characters of a payload; a longer one is compressed."""
MAX_LINE = 900_000
"""Bytes of a row as a line; Firehose takes records of at most 1,000 KiB."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stage(StrEnum):
    """Where an event was refused."""

    INGEST = "ingest"
    ENRICH = "enrich"


class Reason(StrEnum):
    """Why; a closed list: metric label, column value and answer code. The detail beside it is prose."""

    # a whole request (HTTP status in ingest_lambda)
    NOT_JSON = "not_json"
    UNKNOWN_KEY = "unknown_key"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    SECRET_KEY_IN_BROWSER = "secret_key_in_browser"  # noqa: S105 - the name of a refusal
    SECRET_KEY_NEEDED = "secret_key_needed"  # noqa: S105 - as above; of a request and of one event
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_MANY_EVENTS = "too_many_events"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNAVAILABLE = "unavailable"
    # one event
    NOT_AN_OBJECT = "not_an_object"
    INVALID_EVENT = "invalid_event"  # the schema says no; the detail names the field
    EVENT_TOO_LARGE = "event_too_large"
    EVENT_TOO_DEEP = "event_too_deep"
    # not given any longer, but in older rows:
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    INVALID_TEXT = "invalid_text"  # lone surrogates and the like
    # one record of the raw stream
    RECORD_NOT_JSON = "record_not_json"
    UNKNOWN_RECORD_VERSION = "unknown_record_version"
    INVALID_RECORD = "invalid_record"
    UNKNOWN_SITE = "unknown_site"
    CRASHED_PROCESSOR = "crashed_processor"  # the record at which the process died three times
    INTERNAL_ERROR = "internal_error"  # nobody foresaw it; the payload is kept for a replay


class Rejected(NamedTuple):
    """One row of the rejected table; the field order is the column order.

    `rejected_at` is ISO 8601 UTC with milliseconds. `payload` is the original as text in
    `payload_encoding`: `json`, `text`, `base64`, `gzip+base64`, `s3` (then it is an s3:// URI), or `raw`
    (too large for a row: then it is the sequence number of its record in the raw stream and archive).
    """

    rejected_at: str
    stage: Stage
    reason: Reason
    detail: str
    site: str | None
    event_id: str | None
    payload: str
    payload_encoding: str

    def to_line(self) -> bytes:
        """The row as a line of newline-delimited JSON."""
        return orjson.dumps(self._asdict(), option=orjson.OPT_APPEND_NEWLINE)


def rejected(
    original: bytes,
    *,
    at: int,
    stage: Stage,
    reason: Reason,
    detail: str,
    site: str | None = None,
    event_id: str | None = None,
    reference: tuple[str, str] | None = None,
) -> Rejected | None:
    """The row of a rejected event or record, with the whole `original` as its payload.

    JSON stays readable, other text stays text, other bytes are base64; what is longer than MAX_PLAIN is compressed.
    What still does not fit in MAX_LINE is not in the row: then `reference`, a pair of payload and encoding, tells where
    it is, and without one the answer is None. `at`: epoch ms. Never raises.
    """
    row = Rejected(
        rejected_at=_iso(at),
        stage=stage,
        reason=reason,
        detail=detail[:MAX_DETAIL].encode(errors="replace").decode(),
        site=site,
        event_id=event_id,
        payload="",
        payload_encoding="",
    )
    payload, encoding = _as_text(original)
    if len(payload) <= MAX_PLAIN:
        plain = row._replace(payload=payload, payload_encoding=encoding)
        if len(plain.to_line()) <= MAX_LINE:
            return plain
    packed = b64encode(gzip.compress(original, 6, mtime=0)).decode()
    compressed = row._replace(payload=packed, payload_encoding="gzip+base64")
    if len(compressed.to_line()) <= MAX_LINE:
        return compressed
    if reference is None:
        return None
    return row._replace(payload=reference[0], payload_encoding=reference[1])


def _as_text(original: bytes) -> tuple[str, str]:
    """(payload, encoding)."""
    try:
        text = original.decode()
    except UnicodeDecodeError:
        return b64encode(original).decode(), "base64"
    try:
        orjson.loads(original)
    except orjson.JSONDecodeError:
        return text, "text"
    return text, "json"


def _iso(at: int) -> str:
    """Epoch milliseconds as ISO 8601: 1795296000123 → 2026-11-21T21:20:00.123Z."""
    return (_EPOCH + timedelta(milliseconds=at)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


COLUMNS = (
    Column("rejected_at", "timestamp", "When it was refused, on the arrival clock of the event."),
    Column("stage", "string", "ingest or enrich."),
    Column("reason", "string", "A code of the closed list in schemas/rejected.py."),
    Column("detail", "string", "Prose: which field, which limit."),
    Column("site", "string", "The site, where it could be found."),
    Column("event_id", "string", "The event's id, where it could be read."),
    Column("payload", "string", "The whole original, so that it can be replayed after a fix."),
    Column(
        "payload_encoding",
        "string",
        "json, text, base64, gzip+base64, s3 or raw (payload says where it is).",
    ),
)
