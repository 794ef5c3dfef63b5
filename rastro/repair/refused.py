"""Turns rows of the rejected table into what goes back: each is read, fixed, and judged by the code that refused it.

Of the stage `enrich` the payload is a whole raw record; it goes back as it is, with its own time of receipt. Of the
stage `ingest` it is one event as the client sent it; it goes once more through ingest's own checks, as received when it
was refused. IP address, user agent and headers are not in such a row, so what follows from them stays null.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from enrich_consumer.core.decode import decode
from enrich_consumer.core.record import Incoming, Reject
from ingest_lambda.errors import EventRejected, RequestRefused
from ingest_lambda.events.accept import AcceptContext, accept
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.request import Request
from lake.erased_ids import ErasedIds
from rastro.repair.fix import Fix, FixError
from schemas import Sites

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Fetch = Callable[[str, str], bytes | None]
"""Payload and its encoding (`s3` or `raw`), where it is not in the row → the bytes."""


class StillRefusedError(Exception):
    """`code`: of the closed list of reasons, or one of: no_payload, fix_failed, left_out, no_site, erased."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Back(NamedTuple):
    """A record for the raw stream."""

    partition_key: str
    data: bytes


def rows_of(data: bytes) -> Iterator[Row]:
    """Rows of one Parquet file of the rejected table; `rejected_at` in epoch ms."""
    from pyarrow import parquet  # noqa: PLC0415 - takes a while to import

    for row in parquet.read_table(BytesIO(data)).to_pylist():
        at = row["rejected_at"]
        since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - EPOCH
        yield row | {"rejected_at": since // timedelta(milliseconds=1)}


def digest(row: Row) -> str:
    """The same for the same refused event, whichever file it is in."""
    text = json.dumps([row["rejected_at"], row["stage"], row["reason"], row["site"], row["payload"]])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def payload_of(row: Row, fetch: Fetch) -> bytes:
    """The original.

    Raises:
        StillRefusedError: `no_payload`, it is not where the row says.
    """
    text, encoding = row["payload"], row["payload_encoding"]
    if encoding in {"json", "text"}:
        return str(text).encode()
    if encoding == "base64":
        return base64.b64decode(text)
    if encoding == "gzip+base64":
        return gzip.decompress(base64.b64decode(text))
    found = fetch(text, encoding)
    if found is None:
        raise StillRefusedError("no_payload", f"{encoding} {text} is not there any more")
    return found


ERASED = "erased"
"""The code of what is about a person who was erased after it was refused."""


def revive(row: Row, sites: Sites, fix: Fix | None, fetch: Fetch, gone: ErasedIds) -> list[Back]:
    """The records for the raw stream, marked, without what was erased.

    Raises:
        StillRefusedError: why it stays where it is.
    """
    original = payload_of(row, fetch)
    payload = parsed(original)
    # of a raw record, which several persons may share, the events are judged one by one
    if not (isinstance(payload, dict) and "events" in payload) and gone.names(payload, row["rejected_at"]):
        raise StillRefusedError(ERASED, "the person was erased since")
    values = [original] if fix is None else _fixed(original, row, fix)
    found: list[Back] = []
    for value in values:
        made = _record(value, sites) if row["stage"] == "enrich" else _event(value, row, sites)
        found += [_marked(back, str(row["reason"])) for back in made]
    if not gone.until:
        return found
    left = [one for back in found if (one := _left(back, row["rejected_at"], gone))]
    if found and not left:
        raise StillRefusedError(ERASED, "the person was erased since")
    return left


def _left(back: Back, rejected_at: int, gone: ErasedIds) -> Back | None:
    record = json.loads(back.data)
    left = gone.without(record, rejected_at)  # a fix may have given it another time
    return None if left is None else back if left is record else back._replace(data=_bytes(left))


def parsed(data: bytes) -> Any:
    """A payload as JSON; None where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _fixed(original: bytes, row: Row, fix: Fix) -> list[bytes]:
    try:
        payload: Any = json.loads(original)
    except ValueError:
        payload = original.decode(errors="replace")  # a fix may still make JSON of a text
    try:
        values = fix(payload, row)
    except FixError as error:
        raise StillRefusedError("fix_failed", str(error)) from None
    if not values:
        raise StillRefusedError("left_out", "the fix gives nothing for it")
    return [json.dumps(value).encode() for value in values]


def _record(data: bytes, sites: Sites) -> list[Back]:
    try:
        record = decode(Incoming(0, data), sites)
    except Reject as verdict:
        raise StillRefusedError(verdict.reason, verdict.detail) from None
    return [Back(record.partition_key, data)]


def _event(data: bytes, row: Row, sites: Sites) -> list[Back]:
    site = sites.by_name.get(row["site"])
    if site is None:
        raise StillRefusedError("no_site", f"{row['site']} is not in the sites document")
    try:
        event: Any = json.loads(data)
    except ValueError as error:
        raise StillRefusedError("not_json", str(error)) from None
    # Without the request's address and headers all of a site's cookieless visitors would be one.
    site = site._replace(cookieless=False)
    # An event without an id gets the same one however often it is recovered.
    request = Request(f"recover-{digest(row)}", "POST", "/v1/events", {}, {}, None, "", False)
    context = AcceptContext(secret=lambda: b"recovered", now=row["rejected_at"])
    try:
        accepted = accept(request, site, ReceivedBatch([event], size=len(data)), context)
    except (EventRejected, RequestRefused) as why:
        raise StillRefusedError(str(getattr(why, "reason", "not_json")), str(why)) from None
    for refused in accepted.rejected:
        raise StillRefusedError(refused.row.reason, refused.row.detail)
    return [Back(record.partition_key, record.data) for record in accepted.records]


def _marked(back: Back, reason: str) -> Back:
    """Each event says in `input_repairs` that it was refused before, and why."""
    record = json.loads(back.data)
    mark = f"{reason}:recovered"
    for event in record["events"]:
        event["repairs"] = [*(event.get("repairs") or []), mark]
    return Back(back.partition_key, _bytes(record))


def _bytes(record: Any) -> bytes:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()


def outside(s3: Any, kinesis: Any, stream: str) -> Fetch:
    """Payloads beside the row: an object, or a record that the raw stream still keeps."""

    def fetch(payload: str, encoding: str) -> bytes | None:
        if encoding == "s3":
            location = urlsplit(payload)
            try:
                body: bytes = s3.get_object(Bucket=location.netloc, Key=location.path.lstrip("/"))[
                    "Body"
                ].read()
            except s3.exceptions.NoSuchKey:
                return None
            return body
        return _from_stream(kinesis, stream, payload) if encoding == "raw" else None

    return fetch


def _from_stream(kinesis: Any, stream: str, sequence: str) -> bytes | None:
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    for shard in (shard for page in pages for shard in page["Shards"]):
        try:
            iterator = kinesis.get_shard_iterator(
                StreamName=stream,
                ShardId=shard["ShardId"],
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                StartingSequenceNumber=sequence,
            )["ShardIterator"]
        except kinesis.exceptions.InvalidArgumentException:
            continue  # of another shard
        for record in kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"]:
            if int(record["SequenceNumber"]) == int(sequence):
                data: bytes = record["Data"]
                return data
    return None
