"""The way of one record: decode → enrich → sessionize → emit. One record in, one outcome per event out."""

from hashlib import blake2b
from typing import NamedTuple

from enrich_consumer.core.decode import decode
from enrich_consumer.core.emit import MAX_BYTES, iso, line, whole
from enrich_consumer.core.record import Enrich, Enriched, Event, Incoming, Record, Reject, Row
from enrich_consumer.core.sessions.rule import Merge, assign, expire
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from enrich_consumer.core.sessions.visitor import Visitor, uuid_text
from schemas import Reason, Sites, Stage, rejected


class Outcome(NamedTuple):
    """What one record came to. `bucket`: top 8 bits of the visitor's key. `lines`: enriched events as JSON,
    in the client's order. `rejected`: rows of the rejected table. `counts`: for the metrics."""

    bucket: int
    lines: list[bytes]
    rejected: list[bytes]
    counts: dict[str, int]


def process(incoming: Incoming, sites: Sites, enrich: Enrich, state: ShardState) -> Outcome:
    """One record through the whole core; bad data never raises. `state` moves on to this record."""
    try:
        record = decode(incoming, sites)
        return _sessionize(record, enrich(record), state)
    except Reject as verdict:
        return reject(incoming, verdict.reason, verdict.detail, state)
    except Exception as error:  # noqa: BLE001 - whatever it is, the record is kept and the stream goes on
        return reject(incoming, Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}", state)


def reject(incoming: Incoming, reason: Reason, detail: str, state: ShardState) -> Outcome:
    """The record as a row of the rejected table, with its whole payload or, where that is too large for a row, with
    its sequence number in the raw stream. `state` moves on to this record."""
    state.sequence = incoming.sequence
    row = rejected(
        incoming.data,
        at=incoming.arrived_at or state.watermark,
        stage=Stage.ENRICH,
        reason=reason,
        detail=detail,
        reference=(str(incoming.sequence), "raw"),
    )
    assert row is not None
    return Outcome(0, [], [row.to_line()], {"records": 1, "rejected": 1, f"rejected.{reason}": 1})


def _sessionize(record: Record, enriched: list[Enriched], state: ShardState) -> Outcome:
    """Sessions for the rows, and the rows as lines. What cannot be written leaves the visitor as he was, so
    that the events of a rejected record count as never seen when they are replayed."""
    watermark = state.watermark
    state.watermark = max(watermark, record.received_at)
    partition_key = f"{record.site.name}/{record.visitor_id}"
    key = visitor_key(partition_key)
    visitor = state.visitor(key, record.site.session)
    sessions, ids = [session.copy() for session in visitor.sessions], visitor.ids.copy()
    try:
        lines, counts = _lines(record, enriched, visitor, partition_key)
    except Exception:
        visitor.sessions, visitor.ids = sessions, ids
        state.watermark = watermark
        raise
    state.sequence = record.sequence
    return Outcome(key[0], lines, [], counts)


def _lines(
    record: Record, enriched: list[Enriched], visitor: Visitor, partition_key: str
) -> tuple[list[bytes], dict[str, int]]:
    rule = record.site.session
    received_at = record.received_at
    started_at, started_text = received_at, iso(received_at)
    expire(visitor, received_at, rule)
    lines: list[bytes] = []
    duplicates = merges = sessions = late = 0
    for event, (row, rest) in zip(record.events, enriched, strict=True):
        at = row.get("event_at")
        if at is None:
            at = received_at  # its enrichment failed; enrich_errors tells
        assignment = assign(visitor, event["event_id"], at, received_at, rule, partition_key)
        if assignment is None:
            duplicates += 1
            continue
        if assignment.started_at != started_at:  # mostly the same for a whole record
            started_at, started_text = assignment.started_at, iso(assignment.started_at)
        row["event_at"] = iso(at)
        row["session_started_at"] = started_text
        row["session_id"] = assignment.session_id
        row["session_event_index"] = assignment.event_index
        row["is_session_start"] = assignment.is_start
        row["is_late"] = assignment.is_late
        if assignment.merges:
            merges += len(assignment.merges)
            known = whole(row, rest)
            lines += [line(_merge_row(known, event, merge)) for merge in assignment.merges]
        sessions += assignment.is_start
        late += assignment.is_late
        written = line(row, rest)
        if len(written) > MAX_BYTES:
            raise Reject(Reason.EVENT_TOO_LARGE, f"{event['event_id']}: {len(written)} bytes enriched")
        lines.append(written)
    counts = {"records": 1, "events": len(enriched)}
    counts["duplicates"] = duplicates
    counts["sessions"] = sessions
    counts["merges"] = merges
    counts["late"] = late
    return lines, counts


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
    "session_started_at",
    "is_late",
)


def _merge_row(row: Row, event: Event, merge: Merge) -> Row:
    """A `session_merge` event, caused by the event in `row`. Its id comes from all three."""
    seed = f"{merge.survivor}/{merge.absorbed}/{event['event_id']}"
    digest = blake2b(seed.encode(), digest_size=16).hexdigest()
    merged: Row = {name: row[name] for name in _MERGE_KEEPS if name in row}
    merged.update(
        event_id=uuid_text(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}"),
        event_name="session_merge",
        enrich_errors=[],
        session_id=merge.survivor,
        is_session_start=False,
        merged_session_id=merge.absorbed,
    )
    return merged
