"""Writes rejected events as rows of the rejected table, newline-delimited JSON."""

import base64
import gzip
import hashlib
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from ingest_lambda.errors import EventRejected, RequestRefused
from schemas import Reason, Rejected, Stage
from schemas.times import EpochMs

MAX_PLAIN = 200_000  # characters; a longer payload is compressed
MAX_ROW = 1_000_000  # bytes; Firehose takes 1,000 KiB
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Payload(NamedTuple):
    """A payload that is stored outside its row, under an S3 URI made from its content."""

    uri: str
    data: bytes


class RejectedEvent(NamedTuple):
    """One rejected event: its index in the request, its row, the row as a line, and the payload outside the row."""

    position: int
    row: Rejected
    line: bytes
    payload: Payload | None


def rejected_event(
    index: int,
    sent: Any,
    why: EventRejected,
    site: str,
    now: EpochMs,
    payloads: str | None,
    event: Any = None,
) -> RejectedEvent:
    """What the client sent, whole, as a row; `now` is epoch ms, `payloads` the S3 prefix for those too large for a row.

    `event`: what was made of it, where that is something else; the row then has its id.

    Raises:
        RequestRefused: the event cannot be stored whole, so nothing of the request may be taken.
    """
    try:
        original = orjson.dumps(sent)
    except TypeError:  # more than 254 deep: the parser takes it, the writer does not
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, Reason.NOT_JSON, "the body is nested deeper than 254"
        ) from None
    named = sent if event is None else event
    given = named.get("event_id") if isinstance(named, dict) else None
    row = Rejected(
        rejected_at=(EPOCH + timedelta(milliseconds=now)).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{now % 1000:03d}Z",
        stage=Stage.INGEST,
        reason=why.reason,
        detail=why.detail,
        site=site,
        event_id=given if isinstance(given, str) and len(given) <= 64 else None,
        payload=original.decode(),
        payload_encoding="json",
    )
    if len(original) > MAX_PLAIN:
        packed = base64.b64encode(gzip.compress(original, 6, mtime=0)).decode()
        row = row._replace(payload=packed, payload_encoding="gzip+base64")
    line = _line(row)
    if len(line) <= MAX_ROW:
        return RejectedEvent(index, row, line, None)
    if payloads is None:
        detail = "one event is too large even to be kept as rejected"
        raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Reason.TOO_LARGE, detail)
    uri = f"{payloads}/{site}/{hashlib.sha256(original).hexdigest()}.json"
    row = row._replace(payload=uri, payload_encoding="s3")
    return RejectedEvent(index, row, _line(row), Payload(uri, original))


def _line(row: Rejected) -> bytes:
    return orjson.dumps(row._asdict(), option=orjson.OPT_APPEND_NEWLINE)
