"""The way of one record: decode → enrich → sessionize → emit. One record in, one outcome per event out."""

from typing import NamedTuple

from enrich_consumer.core.decode import decode
from enrich_consumer.core.emit import lines_of
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.record import Incoming, Reject
from enrich_consumer.core.sessionize import sessionize
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from schemas import Reason, Sites, Stage, rejected


class Outcome(NamedTuple):
    """What one record came to. `bucket`: top 8 bits of the visitor's key. `lines`: enriched events as JSON,
    in the client's order. `rejected`: rows of the rejected table. `counts`: for the metrics."""

    bucket: int
    lines: list[bytes]
    rejected: list[bytes]
    counts: dict[str, int]


def process(incoming: Incoming, sites: Sites, enrich: Enrich, state: ShardState) -> Outcome:
    """One record through the whole core; bad data never raises. `state` moves on to this record.

    The visitor's new state is taken over only when every line is written: a record that was rejected leaves the
    visitor as they were, so that its events do not count as duplicates when it is replayed.
    """
    try:
        record = decode(incoming, sites)
        enriched = enrich(record)
        key = visitor_key(record.partition_key)
        visitor = state.visitor(key, record.site.session, record.received_at)
        events, counts = sessionize(record, enriched, visitor)
        lines = lines_of(events)
    except Reject as verdict:
        return reject(incoming, verdict.reason, verdict.detail, state)
    except Exception as error:  # noqa: BLE001 - whatever it is, the record is kept and the stream goes on
        return reject(incoming, Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}", state)
    state.commit(key, visitor, record.sequence, record.received_at)
    return Outcome(key[0], lines, [], {"records": 1, "events": len(enriched), **counts})


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
