"""The way of one record: decode → enrich → sessionize → emit. One record in, one outcome per event out."""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

import orjson

from enrich_consumer.core.decode import decode
from enrich_consumer.core.emit import iso, line
from enrich_consumer.core.record import Event, Incoming, Record, Reject, Row
from enrich_consumer.core.sessionize import Merge, Placed, place, prune
from enrich_consumer.core.state import ShardState, visitor_key
from enrich_consumer.core.visitor import uuid_text
from schemas import Reason, Rejected, Sites, Stage

Enrich = Callable[[Record], list[Row]]
"""All enrichments in order: one row an event, sessions still missing."""


class Outcome(NamedTuple):
    """What one record came to. `bucket`: top 8 bits of the visitor's key. `lines`: enriched events as JSON,
    in the client's order. `rejected`: rows of the rejected table. `counts`: for the metrics."""

    bucket: int
    lines: list[bytes]
    rejected: list[bytes]
    counts: Counter[str]


def process(incoming: Incoming, sites: Sites, enrich: Enrich, state: ShardState) -> Outcome:
    """One record through the whole core; bad data never raises. `state` moves on to this record."""
    try:
        record = decode(incoming, sites)
        rows = enrich(record)
    except Reject as verdict:
        return reject(incoming, verdict.reason, verdict.detail, state)
    except Exception as error:  # noqa: BLE001 - whatever it is, the record is kept and the stream goes on
        return reject(incoming, Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}", state)
    return _sessionize(record, rows, state)


def reject(incoming: Incoming, reason: Reason, detail: str, state: ShardState) -> Outcome:
    """The record as a row of the rejected table, with its whole payload."""
    state.sequence = incoming.sequence
    payload, encoding = _payload(incoming.data)
    rejected = Rejected(
        rejected_at=iso(incoming.arrived_at or state.watermark),
        stage=Stage.ENRICH,
        reason=reason,
        detail=detail,
        site=None,
        event_id=None,
        payload=payload,
        payload_encoding=encoding,
    )
    row = orjson.dumps(rejected._asdict(), option=orjson.OPT_APPEND_NEWLINE)
    return Outcome(0, [], [row], Counter({"records": 1, "rejected": 1, f"rejected.{reason}": 1}))


def _sessionize(record: Record, rows: list[Row], state: ShardState) -> Outcome:
    counts: Counter[str] = Counter(records=1, events=len(rows))
    owner = f"{record.site.name}/{record.visitor_id}"
    rule = record.site.session
    received_at = record.received_at
    state.watermark = max(state.watermark, received_at)
    state.sequence = record.sequence
    key = visitor_key(owner)
    visitor = state.visitor(key, rule)
    prune(visitor, received_at, rule)
    lines: list[bytes] = []
    for event, row in zip(record.events, rows, strict=True):
        placed = place(visitor, event["event_id"], row["event_at"], received_at, rule, owner)
        if placed is None:
            counts["duplicates"] += 1
            continue
        if placed.merges:
            counts["merges"] += len(placed.merges)
            lines += [line(_merge_row(row, event, merge, placed)) for merge in placed.merges]
        counts["sessions"] += placed.is_start
        counts["late"] += placed.is_late
        row["session_id"] = placed.session_id
        row["session_started_at"] = placed.started_at
        row["session_event_index"] = placed.event_index
        row["is_session_start"] = placed.is_start
        row["is_late"] = placed.is_late
        row["merged_session_id"] = None
        lines.append(line(row))
    return Outcome(key[0], lines, [], counts)


_MERGE_KEEPS = (
    "site",
    "event_at",
    "event_date",
    "received_at",
    "visitor_id",
    "visitor_kind",
    "raw_sequence",
    "schema_version",
    "enrich_version",
    "is_time_suspect",
)


def _merge_row(row: Row, event: Event, merge: Merge, placed: Placed) -> Row:
    """A `session_merge` event: same columns, caused by the event in `row`. Its id comes from all three."""
    seed = f"{merge.survivor}/{merge.absorbed}/{event['event_id']}"
    digest = blake2b(seed.encode(), digest_size=16).hexdigest()
    merged: Row = dict.fromkeys(row)
    merged.update({name: row[name] for name in _MERGE_KEEPS})
    merged.update(
        event_id=uuid_text(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}"),
        event_name="session_merge",
        enrich_errors=[],
        session_id=merge.survivor,
        session_started_at=placed.started_at,
        session_event_index=None,
        is_session_start=False,
        is_late=placed.is_late,
        merged_session_id=merge.absorbed,
    )
    return merged


def _payload(data: bytes) -> tuple[str, str]:
    """The original as text: JSON stays readable, anything else is base64."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return b64encode(data).decode(), "base64"
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return text, "text"
    return text, "json"
