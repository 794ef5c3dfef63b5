"""Ends a visitor's sessions and carts: deadlines by the shard's watermark, and the rows that they bring.

Time is the watermark, the newest `received_at` of the shard's records; ticks move it on where nobody comes. No
clock: the same records give the same rows.
"""

from typing import NamedTuple

from enrich_consumer.core.sessions import cart_events, session_ends
from enrich_consumer.core.sessions.carts import RECOVERY_MS
from enrich_consumer.core.sessions.visitor import OpenSession, Visitor
from schemas import Session
from schemas.times import EpochMs

SLACK_MS = 10 * 60_000
"""How far `received_at` may lag behind the newest of its shard before retention may look shorter. Ingest
puts within seconds; the slack covers clocks and retries."""
GRACE_MS = 10_000
"""How long a record may be on its way from receipt to stream without its visitor looking silent: ingest's time
limit."""
STEP_MS = 1_000
"""Deadlines are whole seconds, rounded up: the shard's timers need one list a second, not an entry a visitor."""


class Ends(NamedTuple):
    """Rows of the two tables, one JSON line each, in order."""

    session_ends: list[bytes]
    cart_events: list[bytes]


def deadline(visitor: Visitor, rule: Session) -> int:
    """The earliest moment at which something of the visitor is over; it is once the watermark lies beyond.

    Epoch ms, whole steps; 0 where there is nothing to wait for. Of a visitor who is not known (an older version did
    not remember whom a session belonged to) only the final end is written: the rows of one session name one owner.
    """
    sessions = visitor.sessions
    first = 0
    if sessions:
        newest = 0
        for session in sessions:
            if not session.is_announced and visitor.visitor_id:
                at = session.last_arrival + rule.gap_ms + GRACE_MS
                if not first or at < first:
                    first = at
            newest = max(newest, session.last_arrival)
        over = newest + rule.retention_ms + SLACK_MS
        if not first or over < first:
            first = over
    if visitor.cart is not None:
        at = _of_cart(visitor, rule)
        if not first or at < first:
            first = at
    return first + -first % STEP_MS


def _of_cart(visitor: Visitor, rule: Session) -> int:
    cart = visitor.cart
    assert cart is not None
    at = cart.last_arrival + rule.cart_silence_ms + GRACE_MS
    return at if cart.checked != cart.revision else at + RECOVERY_MS


def _passed(at: EpochMs, watermark: EpochMs) -> bool:
    return at + -at % STEP_MS < watermark


def forget(visitor: Visitor, watermark: EpochMs, rule: Session) -> list[OpenSession]:
    """The visitor's sessions, if none can be joined any more by the shard's clock; their event ids go with them.

    For a visitor whose record is at hand. Whether the timers have found the visitor before makes no difference.
    """
    if not visitor.sessions or visitor.last_arrival + rule.retention_ms + SLACK_MS >= watermark:
        return []
    return _take_sessions(visitor)


def _take_sessions(visitor: Visitor) -> list[OpenSession]:
    over = visitor.sessions
    visitor.sessions = []
    visitor.ids = {}
    return over


def close(visitor: Visitor, watermark: EpochMs, rule: Session) -> Ends:
    """End what is over by the watermark."""
    site, visitor_id = visitor.site, visitor.visitor_id
    ends: list[bytes] = []
    if visitor.sessions and _passed(visitor.last_arrival + rule.retention_ms + SLACK_MS, watermark):
        ends = finals(_take_sessions(visitor), site, visitor_id, rule)
    for session in visitor.sessions:
        if session.is_announced or not visitor_id:
            continue
        if _passed(session.last_arrival + rule.gap_ms + GRACE_MS, watermark):
            session.is_announced = True
            ends.append(session_ends.provisional(session, site, visitor_id, rule))
    carts: list[bytes] = []
    if visitor.cart is not None:
        if _passed(_of_cart(visitor, rule), watermark) and visitor.cart.checked != visitor.cart.revision:
            carts = cart_events.abandon(visitor, rule)
        if _passed(_of_cart(visitor, rule), watermark):
            visitor.cart = None
    return Ends(ends, carts)


def finals(over: list[OpenSession], site: str, visitor_id: str, rule: Session) -> list[bytes]:
    """The final rows of sessions that are over."""
    return [session_ends.final(session, site, visitor_id, rule) for session in over]
