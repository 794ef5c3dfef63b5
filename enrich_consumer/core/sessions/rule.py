"""The session rule assigns an event to a session. docs/sessions.md describes it for the reader of the data.

Everything is decided from the records themselves, in stream order: no clock, no timer, no randomness. So the
same records give the same sessions after any restart, and memory can be tidied without a trace.
"""

from hashlib import blake2b
from typing import NamedTuple

from enrich_consumer.core.sessions.facts import Facts
from enrich_consumer.core.sessions.visitor import MAX_IDS, OpenSession, Visitor, fingerprint, uuid_text
from schemas import Session
from schemas.times import EpochMs


class Merge(NamedTuple):
    """Two sessions turned out to be one: `absorbed` continues as `survivor` (both session ids). `session`: the absorbed
    one as it was."""

    survivor: str
    absorbed: str
    absorbed_started_at: int
    session: OpenSession


class Assignment(NamedTuple):
    """The session of one event. `started_at` in epoch ms; `event_index` counts the session's events as they
    arrived, from 1. `session`: the one it went to, as it is now."""

    session_id: str
    started_at: EpochMs
    event_index: int
    is_start: bool
    is_late: bool
    session: OpenSession
    merges: tuple[Merge, ...] = ()


def expire(visitor: Visitor, received_at: EpochMs, rule: Session) -> list[OpenSession]:
    """Forget what an event received at `received_at` can no longer join; with the last session go the ids.

    Returns the sessions that are over, for good."""
    oldest = received_at - rule.retention_ms
    over = [session for session in visitor.sessions if session.last_arrival < oldest]
    if over:
        visitor.sessions = [surviving for surviving in visitor.sessions if surviving.last_arrival >= oldest]
        if not visitor.sessions:
            visitor.ids = {}
    return over


def assign(
    visitor: Visitor, event_id: str, at: EpochMs, received_at: EpochMs, rule: Session, partition_key: str
) -> Assignment | None:
    """Give the event that happened at `at` its session, and remember it in `visitor` (pruned before).

    Returns None for a duplicate: an event id that this visitor sent before. `partition_key` is the visitor's
    partition key, `site/visitor_id`. All times are epoch ms.
    """
    ids = visitor.ids
    mark = fingerprint(event_id)
    if mark in ids:
        return None
    ids[mark] = None
    if len(ids) > MAX_IDS:
        del ids[next(iter(ids))]
    late = at < received_at - rule.lateness_ms
    candidates = [session for session in visitor.sessions if _takes(session, at, rule)]
    if not candidates:
        return _open(visitor, event_id, at, received_at, rule, partition_key, late=late)
    survivor = candidates[0]
    _grow(survivor, at, received_at)
    merges: tuple[Merge, ...] = ()
    if len(candidates) > 1:
        merges = _merge(visitor, survivor, candidates[1:], rule)
    if survivor.first == at and len(visitor.sessions) > 1:
        visitor.sessions.sort(key=_by_start)  # it may start earlier now
    return Assignment(survivor.session_id, survivor.first, survivor.events, False, late, survivor, merges)


def _merge(
    visitor: Visitor, survivor: OpenSession, others: list[OpenSession], rule: Session
) -> tuple[Merge, ...]:
    """Let `survivor` absorb what fits into the maximum length with it."""
    merges = []
    gone = set()
    for other in others:
        if max(survivor.last, other.last) - min(survivor.first, other.first) <= rule.max_length_ms:
            merges.append(Merge(survivor.session_id, other.session_id, other.first, other.copy()))
            gone.add(other.session_id)
            _unite(survivor, other)
    visitor.sessions = [session for session in visitor.sessions if session.session_id not in gone]
    return tuple(merges)


def session_id(partition_key: str, event_id: str, at: EpochMs, late: int | None = None) -> str:
    """A UUID of version 8 (RFC 9562): 48 bits of the opening event's time, the rest a hash of who and which event.

    It sorts by time like a UUID of version 7, and replaying the record gives the same id. `late`: the `received_at` of
    an event that is late. It counts then, because the event may be a copy of one that opened a session which is over
    and written for good: the copy's session must have a name of its own.
    """
    what = f"{partition_key}/{event_id}" if late is None else f"{partition_key}/{event_id}/{late}"
    rest = blake2b(what.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    variant = "89ab"[int(rest[3], 16) & 3]
    return uuid_text(f"{at & 0xFFFF_FFFF_FFFF:012x}8{rest[:3]}{variant}{rest[4:19]}")


def _by_start(session: OpenSession) -> tuple[int, str]:
    return session.first, session.session_id


def _takes(session: OpenSession, at: EpochMs, rule: Session) -> bool:
    first, last = session.first, session.last
    if at > last:
        return at - last <= rule.gap_ms and at - first <= rule.max_length_ms
    return at >= first or (first - at <= rule.gap_ms and last - at <= rule.max_length_ms)


def _grow(session: OpenSession, at: EpochMs, received_at: EpochMs) -> None:
    session.first = min(at, session.first)
    session.last = max(at, session.last)
    session.last_arrival = max(received_at, session.last_arrival)
    session.events += 1
    session.is_announced = False


def _unite(one: OpenSession, other: OpenSession) -> None:
    one.first = min(one.first, other.first)
    one.was_cut = other.was_cut if other.last > one.last else one.was_cut
    one.last = max(one.last, other.last)
    one.last_arrival = max(one.last_arrival, other.last_arrival)
    one.events += other.events
    if one.facts is None or other.facts is None:
        one.facts = None  # half of them would look like all
    else:
        one.facts.unite(other.facts)


def _open(
    visitor: Visitor,
    event_id: str,
    at: EpochMs,
    received_at: EpochMs,
    rule: Session,
    partition_key: str,
    *,
    late: bool,
) -> Assignment:
    name = session_id(partition_key, event_id, at, received_at if late else None)
    opened = OpenSession(at, at, received_at, name, 1, facts=Facts())
    for other in visitor.sessions:  # none of them takes it: one within the gap would have become too long
        if 0 < at - other.last <= rule.gap_ms:
            other.was_cut = True
        elif 0 < other.first - at <= rule.gap_ms:
            opened.was_cut = True
    visitor.sessions = sorted([*visitor.sessions, opened], key=_by_start)
    return Assignment(opened.session_id, at, 1, True, late, opened)
