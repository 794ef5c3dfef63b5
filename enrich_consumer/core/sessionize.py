"""The events of one record → the same in their sessions, without copies, with the merges that they caused."""

from collections.abc import Sequence
from typing import NamedTuple

from enrich_consumer.core import base_columns
from enrich_consumer.core.enriched_event import EnrichedEvent
from enrich_consumer.core.record import Record
from enrich_consumer.core.sessions.rule import assign, expire
from enrich_consumer.core.sessions.visitor import Visitor
from enrich_consumer.core.times import iso


class Sessionized(NamedTuple):
    """`events`: in the client's order, each after the `session_merge` events that it caused. `counts`: for the
    metrics."""

    events: list[EnrichedEvent]
    counts: dict[str, int]


def sessionize(record: Record, enriched: Sequence[EnrichedEvent], visitor: Visitor) -> Sessionized:
    """Assign each event of the record to a session of its visitor; `enriched` are these events in their order.

    Fills the session columns and moves `visitor` on, both IN PLACE. An event that the visitor sent before is left out.
    """
    rule, received_at, partition_key = record.site.session, record.received_at, record.partition_key
    expire(visitor, received_at, rule)
    started_at, started_text = received_at, iso(received_at)
    events: list[EnrichedEvent] = []
    duplicates = sessions = merges = late = 0
    for event, one in zip(record.events, enriched, strict=True):
        columns = one.columns
        at = columns.get("event_at")
        if at is None:
            at = received_at  # event_time failed; enrich_errors says so
        assignment = assign(visitor, event["event_id"], at, received_at, rule, partition_key)
        if assignment is None:
            duplicates += 1
            continue
        if assignment.started_at != started_at:  # mostly the same for a whole record
            started_at, started_text = assignment.started_at, iso(assignment.started_at)
        base_columns.fill_session(columns, at, assignment, started_text)
        if assignment.merges:
            everything = one.all_columns()
            events += [
                EnrichedEvent(base_columns.merge_row(everything, event["event_id"], merge))
                for merge in assignment.merges
            ]
            merges += len(assignment.merges)
        events.append(one)
        sessions += assignment.is_start
        late += assignment.is_late
    counts = {"duplicates": duplicates, "sessions": sessions, "merges": merges, "late": late}
    return Sessionized(events, counts)
