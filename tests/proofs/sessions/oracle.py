"""The session rule without a stream: put everything in order of event time and split it.

No state, no arrival order, no retention. What the stream may do differently follows from the rule itself, and
each such difference has a predicate here that says when it applies, so that a test can assert it.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from tests.proofs.sessions.history import SLACK, WINDOW, Arrival, History, Rule, arrivals, by_visitor


class Session(NamedTuple):
    """What a session is in the end: who, from when to when, and which events."""

    site: str
    visitor: str
    start: int
    end: int
    event_ids: frozenset[str]


class Difference(StrEnum):
    """Why the stream may differ from sorting everything."""

    RETENTION = "an event arrived when a session it belongs to was no longer retained"
    WINDOW = "a copy of an event arrived when its id was no longer remembered"
    LENGTH = "a chain longer than the maximum length did not arrive in order of event time"
    WATERMARK = "a visitor's clock lagged behind the shard's by more than the slack"


def sessions(history: History) -> set[Session]:
    """The sessions of a whole history."""
    found: set[Session] = set()
    for (site, visitor), events in by_visitor(arrivals(history)).items():
        for part in split(first_copies(events), history.rules[site]):
            ids = frozenset(event.event_id for event in part)
            found.add(Session(site, visitor, part[0].at, part[-1].at, ids))
    return found


def first_copies(events: Sequence[Arrival]) -> list[Arrival]:
    """The first copy of each event id of one visitor."""
    first: dict[str, Arrival] = {}
    for event in events:
        first.setdefault(event.event_id, event)
    return list(first.values())


def chains(events: Sequence[Arrival], gap: int) -> list[list[Arrival]]:
    """Events of one visitor in order of event time, split where more than `gap` lies between two."""
    result: list[list[Arrival]] = []
    for event in sorted(events, key=lambda event: (event.at, event.ordinal)):
        if not result or event.at - result[-1][-1].at > gap:
            result.append([])
        result[-1].append(event)
    return result


def split(events: Sequence[Arrival], rule: Rule) -> list[list[Arrival]]:
    """Chains, each cut from its first event on into parts that are not longer than the maximum length."""
    result: list[list[Arrival]] = []
    for chain in chains(events, rule.gap):
        part: list[Arrival] = []
        for event in chain:
            if part and event.at - part[0].at > rule.longest:
                result.append(part)
                part = []
            part.append(event)
        result.append(part)
    return result


def differences(events: Sequence[Arrival], rule: Rule) -> set[Difference]:
    """Which differences apply to one visitor (its arrivals, copies included, in stream order)."""
    tests = {
        Difference.RETENTION: outlives_retention,
        Difference.WINDOW: outlives_window,
        Difference.LENGTH: is_cut_out_of_order,
        Difference.WATERMARK: lags_behind_watermark,
    }
    return {difference for difference, applies in tests.items() if applies(events, rule)}


def outlives_retention(events: Sequence[Arrival], rule: Rule) -> bool:
    """Whether an event comes after a part of its session, as known so far, has been removed.

    The part was removed if, since its own last arrival in the stream, any arrival of the visitor (a copy
    counts) came more than R after the part's newest `received_at`.
    """
    if max(e.received_at for e in events) <= min(e.received_at for e in events) + rule.retention:
        return False
    so_far: list[Arrival] = []
    parts: list[list[Arrival]] = []
    for event in first_copies(events):
        before = {member.ordinal: index for index, part in enumerate(parts) for member in part}
        so_far.append(event)
        parts_now = split(so_far, rule)
        whole = next(part for part in parts_now if event in part)
        for part in (parts[index] for index in {before[m.ordinal] for m in whole if m is not event}):
            newest = max(member.received_at for member in part)
            last = max(member.ordinal for member in part)
            since = (other for other in events if last < other.ordinal <= event.ordinal)
            if any(other.received_at > newest + rule.retention for other in since):
                return True
        parts = parts_now
    return False


def outlives_window(events: Sequence[Arrival], rule: Rule) -> bool:
    """Whether a copy comes after 256 other ids, or after a silence that left no session retained."""
    first = {event.event_id: event for event in first_copies(events)}
    ordinals = [event.ordinal for event in first.values()]
    silences = [
        event.ordinal for event in events if _comes_after_silence(event, first.values(), rule.retention)
    ]
    for copy in events:
        original = first[copy.event_id]
        if copy is original:
            continue
        if sum(original.ordinal < ordinal < copy.ordinal for ordinal in ordinals) >= WINDOW:
            return True
        if any(original.ordinal < ordinal <= copy.ordinal for ordinal in silences):
            return True
    return False


def is_cut_out_of_order(events: Sequence[Arrival], rule: Rule) -> bool:
    """Whether a chain is longer than L and did not arrive in order: then the cut depends on the arrivals."""
    return any(
        chain[-1].at - chain[0].at > rule.longest and any(a.ordinal > b.ordinal for a, b in pairwise(chain))
        for chain in chains(first_copies(events), rule.gap)
    )


def lags_behind_watermark(events: Sequence[Arrival], rule: Rule) -> bool:
    """Whether the shard's clock forgot the visitor at an arrival whose own clock had not."""
    firsts = first_copies(events)
    for event in events:
        # A record is one moment, so only what came with earlier records counts.
        earlier = [first.received_at for first in firsts if first.record < event.record]
        if earlier and event.received_at <= max(earlier) + rule.retention < event.watermark - SLACK:
            return True
    return False


def _comes_after_silence(event: Arrival, firsts, retention: int) -> bool:
    earlier = [first.received_at for first in firsts if first.ordinal < event.ordinal]
    return bool(earlier) and event.received_at > max(earlier) + retention
