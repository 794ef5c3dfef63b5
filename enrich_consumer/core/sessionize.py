"""The session rule: which session an event belongs to. docs/sessions.md tells it to the reader of the data.

Everything is decided from the records themselves, in stream order: no clock, no timer, no chance. So the
same records give the same sessions after any restart, and memory can be tidied without a trace.
"""

from hashlib import blake2b
from typing import NamedTuple

from enrich_consumer.core.visitor import MAX_IDS, OpenSession, Visitor, fingerprint, uuid_text
from schemas import Session


class Merge(NamedTuple):
    """Two sessions turned out to be one: `absorbed` continues as `survivor` (both session ids)."""

    survivor: str
    absorbed: str
    absorbed_started_at: int


class Placed(NamedTuple):
    """Where one event went. `started_at` in epoch ms; `event_index` counts the session's events as they
    arrived, from 1."""

    session_id: str
    started_at: int
    event_index: int
    is_start: bool
    is_late: bool
    merges: tuple[Merge, ...] = ()


def prune(visitor: Visitor, received_at: int, rule: Session) -> None:
    """Forget what an event received at `received_at` can no longer join; with the last session go the ids."""
    oldest = received_at - rule.retention_ms
    for session in visitor.sessions:
        if session.last_arrival < oldest:
            visitor.sessions = [kept for kept in visitor.sessions if kept.last_arrival >= oldest]
            if not visitor.sessions:
                visitor.ids = {}
            return


def place(
    visitor: Visitor, event_id: str, at: int, received_at: int, rule: Session, owner: str
) -> Placed | None:
    """Give the event that happened at `at` its session, and remember it in `visitor` (pruned before).

    Returns None for a duplicate: an event id that this visitor sent before. `owner` is the visitor's
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
    sessions = visitor.sessions
    if len(sessions) == 1:  # the usual case, without lists
        found = sessions[0]
        if not _takes(found, at, rule):
            return _open(visitor, event_id, at, received_at, owner, late=late)
        sessions[0] = grown = _grow(found, at, received_at)
        return Placed(grown.session_id, grown.first, grown.events, is_start=False, is_late=late)
    candidates = [session for session in sessions if _takes(session, at, rule)]
    if not candidates:
        return _open(visitor, event_id, at, received_at, owner, late=late)
    survivor = _grow(candidates[0], at, received_at)
    merges = []
    gone = {candidates[0].session_id}
    for other in candidates[1:]:
        if max(survivor.last, other.last) - min(survivor.first, other.first) <= rule.max_length_ms:
            merges.append(Merge(survivor.session_id, other.session_id, other.first))
            gone.add(other.session_id)
            survivor = _union(survivor, other)
    kept = [session for session in sessions if session.session_id not in gone]
    visitor.sessions = sorted([*kept, survivor], key=_by_start)
    return Placed(
        survivor.session_id,
        survivor.first,
        survivor.events,
        is_start=False,
        is_late=late,
        merges=tuple(merges),
    )


def session_id(owner: str, event_id: str, at: int) -> str:
    """A UUID of version 8 (RFC 9562): 48 bits of the opening event's time, the rest a hash of who and which event.

    It sorts by time like a UUID of version 7, and replaying the event gives the same id.
    """
    rest = blake2b(f"{owner}/{event_id}".encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    variant = "89ab"[int(rest[3], 16) & 3]
    return uuid_text(f"{at & 0xFFFF_FFFF_FFFF:012x}8{rest[:3]}{variant}{rest[4:19]}")


def _by_start(session: OpenSession) -> tuple[int, str]:
    return session.first, session.session_id


def _takes(session: OpenSession, at: int, rule: Session) -> bool:
    first, last = session.first, session.last
    if at > last:
        return at - last <= rule.gap_ms and at - first <= rule.max_length_ms
    return at >= first or (first - at <= rule.gap_ms and last - at <= rule.max_length_ms)


def _grow(session: OpenSession, at: int, received_at: int) -> OpenSession:
    return OpenSession(
        min(at, session.first),
        max(at, session.last),
        max(received_at, session.last_arrival),
        session.session_id,
        session.events + 1,
    )


def _union(one: OpenSession, other: OpenSession) -> OpenSession:
    return OpenSession(
        min(one.first, other.first),
        max(one.last, other.last),
        max(one.last_arrival, other.last_arrival),
        one.session_id,
        one.events + other.events,
    )


def _open(visitor: Visitor, event_id: str, at: int, received_at: int, owner: str, *, late: bool) -> Placed:
    opened = OpenSession(at, at, received_at, session_id(owner, event_id, at), 1)
    visitor.sessions = sorted([*visitor.sessions, opened], key=_by_start)
    return Placed(opened.session_id, at, 1, is_start=True, is_late=late)
