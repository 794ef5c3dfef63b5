"""Rejected events → rows of the rejected table, as newline-delimited JSON."""

import base64
import gzip
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import orjson

from ingest_lambda.refuse import Refuse, RejectEvent
from schemas import Reason, Rejected, Stage

MAX_PLAIN = 200_000  # characters; a longer payload is compressed
MAX_ROW = 1_000_000  # bytes; Firehose takes 1,000 KiB
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rejected_of(event: Any, why: RejectEvent, site: str, now: int) -> Rejected:
    """The row for one event; `now` is epoch ms.

    Raises:
        Refuse: the event cannot be kept whole in a row, so nothing of the request may be taken.
    """
    try:
        payload = orjson.dumps(event)
    except TypeError:  # more than 254 deep: the parser takes it, the writer does not
        raise Refuse(HTTPStatus.BAD_REQUEST, Reason.NOT_JSON, "the body is nested deeper than 254") from None
    given = event.get("event_id") if isinstance(event, dict) else None
    text, encoding = payload.decode(), "json"
    if len(text) > MAX_PLAIN:
        text, encoding = base64.b64encode(gzip.compress(payload, 6, mtime=0)).decode(), "gzip+base64"
    return Rejected(
        rejected_at=(EPOCH + timedelta(milliseconds=now)).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{now % 1000:03d}Z",
        stage=Stage.INGEST,
        reason=why.reason,
        detail=why.detail,
        site=site,
        event_id=given if isinstance(given, str) and len(given) <= 64 else None,
        payload=text,
        payload_encoding=encoding,
    )


def row_of(rejected: Rejected) -> bytes:
    """One line of JSON.

    Raises:
        Refuse: see `rejected_of`.
    """
    row = orjson.dumps(rejected._asdict(), option=orjson.OPT_APPEND_NEWLINE)
    if len(row) > MAX_ROW:
        detail = "one event is too large even to be kept as rejected"
        raise Refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Reason.TOO_LARGE, detail)
    return row
