"""What could not become an enriched event: the whole original payload and why."""

from enum import StrEnum
from typing import NamedTuple

from schemas.columns import Column


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
    `payload_encoding`: `json`, `text`, `base64`, `gzip+base64`, `s3` (then it is an s3:// address), or `raw`
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


COLUMNS = (
    Column("rejected_at", "timestamp", "When it was refused, on the arrival clock of the event."),
    Column("stage", "string", "ingest or enrich."),
    Column("reason", "string", "A code of the closed list in schemas/rejected.py."),
    Column("detail", "string", "Prose: which field, which limit."),
    Column("site", "string", "The site, where it is known."),
    Column("event_id", "string", "The event's id, where it could be read."),
    Column("payload", "string", "The whole original, so that it can be replayed after a fix."),
    Column(
        "payload_encoding",
        "string",
        "json, text, base64, gzip+base64, s3 or raw (payload tells where it is).",
    ),
)
