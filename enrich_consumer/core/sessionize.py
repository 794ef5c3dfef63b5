"""Assigns the events of one record to sessions, drops copies, and returns the merges that they cause."""

from collections.abc import Sequence
from typing import NamedTuple

from enrich_consumer.core import base_columns
from enrich_consumer.core.consent import refuses_any
from enrich_consumer.core.enriched_event import EnrichedEvent
from enrich_consumer.core.iso_time import iso
from enrich_consumer.core.record import Event, Record
from enrich_consumer.core.sessions.cart_events import Seen, follow
from enrich_consumer.core.sessions.carts import NAMES
from enrich_consumer.core.sessions.closing import Ends, finals, forget
from enrich_consumer.core.sessions.rule import assign, expire
from enrich_consumer.core.sessions.session_ends import retraction
from enrich_consumer.core.sessions.visitor import OpenSession, Visitor


class Sessionized(NamedTuple):
    """`events`: in the client's order, each after the `session_merge` events that it caused. `ends`: rows of
    sessions and carts of this visitor that are over. `counts`: for the metrics."""

    events: list[EnrichedEvent]
    ends: Ends
    counts: dict[str, int]


def sessionize(
    record: Record, enriched: Sequence[EnrichedEvent], visitor: Visitor, watermark: int
) -> Sessionized:
    """Assign each event of the record to a session of its visitor; `enriched` are these events in their order.
    `watermark`: the shard's, this record included.

    Fills the session columns and moves `visitor` on, both IN PLACE. An event that the visitor sent before is left out.
    """
    rule, received_at, partition_key = record.site.session, record.received_at, record.partition_key
    site, visitor_id = visitor.site, visitor.visitor_id
    ends = Ends([], [])
    over = forget(visitor, watermark, rule) or expire(visitor, received_at, rule)
    if over:
        ends.session_ends.extend(finals(over, site, visitor_id, rule))
    started_at, started_text = -1, ""
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
            ends.session_ends.extend(
                retraction(merge.session, merge.survivor, received_at, site, visitor_id)
                for merge in assignment.merges
            )
        _remember(record, event, at, one, assignment.session, visitor, ends)
        events.append(one)
        sessions += assignment.is_start
        late += assignment.is_late
    counts = {"duplicates": duplicates, "sessions": sessions, "merges": merges, "late": late}
    return Sessionized(events, ends, counts)


def _remember(
    record: Record,
    event: Event,
    at: int,
    one: EnrichedEvent,
    session: OpenSession,
    visitor: Visitor,
    ends: Ends,
) -> None:
    """What the event says of its session and of the visitor's cart."""
    name = event["event"]
    facts = session.facts
    if facts is not None:
        facts.add(at, event["event_id"], name, one.get)
    if visitor.cart is not None or name in NAMES:
        given = event.get("ecommerce")
        items = given.get("items") if given else None
        is_emptied = type(items) is list and not items
        seen = Seen(event["event_id"], name, at, record.received_at, refuses_any(record, event), is_emptied)
        ends.cart_events.extend(follow(visitor, seen, one.get))
    if facts is not None:
        cart = visitor.cart
        facts.cart = None if cart is None else cart.totals
