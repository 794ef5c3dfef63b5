"""The way of one record: decode → enrich → sessionize → emit. One record in, one outcome per event out."""

from collections.abc import Sequence
from typing import NamedTuple

from enrich_consumer.core.decimals import Write
from enrich_consumer.core.decode import decode
from enrich_consumer.core.emit import lines_of
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.record import Incoming, Record, Reject
from enrich_consumer.core.sessionize import sessionize
from enrich_consumer.core.sessions.closing import Ends
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from schemas import Reason, Session, Sites, Stage, rejected


class Outcome(NamedTuple):
    """What one record came to. `bucket`: top 8 bits of the visitor's key. `lines`: enriched events as JSON,
    in the client's order. `rejected`: rows of the rejected table. `counts`: for the metrics. `session_ends`,
    `cart_events`: rows of those tables, of this visitor and of others for whom the record made the time pass."""

    bucket: int
    lines: list[bytes]
    rejected: list[bytes]
    counts: dict[str, int]
    session_ends: Sequence[bytes] = ()
    cart_events: Sequence[bytes] = ()


def process(
    incoming: Incoming, sites: Sites, enrich: Enrich, state: ShardState, decimals: Write | None = None
) -> Outcome:
    """One record through the whole core; bad data never raises. `state` moves on to this record. `decimals`: how
    amounts are written, None for numbers.

    The visitor's new state is taken over only when every line is written: a record that was rejected leaves the
    visitor as they were, so that its events do not count as duplicates when it is replayed.
    """
    try:
        record = decode(incoming, sites)
        if not record.events:
            return _tick(record, sites, state)
        enriched = enrich(record)
        key = visitor_key(record.partition_key)
        visitor = state.visitor(record.site.name, record.visitor_id, key)
        watermark = max(state.watermark, record.received_at)
        events, ends, counts = sessionize(record, enriched, visitor, watermark)
        lines = lines_of(events, decimals)
    except Reject as verdict:
        return reject(incoming, verdict.reason, verdict.detail, state)
    except Exception as error:  # noqa: BLE001 - whatever it is, the record is kept and the stream goes on
        return reject(incoming, Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}", state)
    state.commit(key, visitor, record.sequence, record.received_at, record.site.session)
    _close_passed(state, sites, ends)
    counts = {"records": 1, "events": len(enriched), **counts}
    return _with_ends(Outcome(key[0], lines, [], counts), ends)


def _tick(record: Record, sites: Sites, state: ShardState) -> Outcome:
    """A record without events: nothing but time passes."""
    state.move_on(record.sequence, record.received_at)
    ends = Ends([], [])
    _close_passed(state, sites, ends)
    counts = {"records": 1}
    counts["ticks"] = 1
    return _with_ends(Outcome(0, [], [], counts), ends)


def _close_passed(state: ShardState, sites: Sites, ends: Ends) -> None:
    """Add what is over for whomever, now that the watermark has moved on."""
    if not state.has_passed():
        return

    def rule_of(site: str) -> Session:
        found = sites.by_name.get(site)
        if found is not None:
            return found.session
        return max((one.session for one in sites.by_name.values()), key=lambda rule: rule.retention_ms)

    names = list(sites.by_name)
    more = state.close_passed(rule_of, names[0] if len(names) == 1 else "")
    ends.session_ends.extend(more.session_ends)
    ends.cart_events.extend(more.cart_events)


def _with_ends(outcome: Outcome, ends: Ends) -> Outcome:
    if not ends.session_ends and not ends.cart_events:
        return outcome
    counts = outcome.counts
    counts["session_ends"] = len(ends.session_ends)
    counts["cart_events"] = len(ends.cart_events)
    return outcome._replace(session_ends=ends.session_ends, cart_events=ends.cart_events)


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
