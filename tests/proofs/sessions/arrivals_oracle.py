"""The session rule as an observer of every arrival would apply it by hand.

Slow and plain on purpose: a session is the list of its events, and what is known of it (first, last, last
arrival) is worked out anew from that list each time. Nothing is packed, indexed or evicted.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tests.proofs.sessions.history import SLACK, WINDOW, Arrival, History, Rule, arrivals

Opener = tuple[str, str, str, int, int]
"""What names a session: site, visitor, the id and event time of the event that opened it, and, if that was late, its
`received_at`, else 0."""


class Verdict(NamedTuple):
    """What must come out for one arrival.

    `absorbed`: the sessions merged into `session` at this event, in order. `first`: the session's start as
    known after this event. A copy that was dropped has `session` None.
    """

    arrival: Arrival
    session: Opener | None
    first: int = 0
    index: int = 0  # type: ignore[assignment] # a tuple's own is never called
    is_start: bool = False
    is_late: bool = False
    absorbed: tuple[Opener, ...] = ()


class Visit:
    """One session: who opened it, and every event in it."""

    def __init__(self, opener: Arrival, late: bool) -> None:
        name = (opener.site, opener.visitor, opener.event_id, opener.at)
        self.opener: Opener = (*name, opener.received_at if late else 0)
        self.members = [opener]

    @property
    def first(self) -> int:
        return min(member.at for member in self.members)

    @property
    def last(self) -> int:
        return max(member.at for member in self.members)

    @property
    def last_arrival(self) -> int:
        return max(member.received_at for member in self.members)

    def could_take(self, at: int, rule: Rule) -> bool:
        near = self.first - rule.gap <= at <= self.last + rule.gap
        return near and max(self.last, at) - min(self.first, at) <= rule.longest

    def could_absorb(self, other: "Visit", rule: Rule) -> bool:
        return max(self.last, other.last) - min(self.first, other.first) <= rule.longest


class Visitor:
    """One visitor: the retained sessions, and every id accepted since it was last forgotten."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.accepted: list[str] = []
        self.record = -1

    def forget_what_is_over(self, event: Arrival, rule: Rule) -> None:
        self.visits = [v for v in self.visits if event.received_at <= v.last_arrival + rule.retention]
        newest = max((v.last_arrival for v in self.visits), default=0)
        # The events of a record came together: none is forgotten before the next.
        if event.record != self.record and newest + rule.retention + SLACK < event.watermark:
            self.visits = []
        self.record = event.record
        if not self.visits:
            self.accepted = []

    def take(self, event: Arrival, rule: Rule) -> Verdict:
        self.forget_what_is_over(event, rule)
        if event.event_id in self.accepted[-WINDOW:]:
            return Verdict(event, None)
        self.accepted.append(event.event_id)
        candidates = sorted((v for v in self.visits if v.could_take(event.at, rule)), key=lambda v: v.first)
        # No two retained sessions start together, so the order never needs a second key.
        assert len({v.first for v in self.visits}) == len(self.visits)
        absorbed: list[Opener] = []
        late = event.at < event.received_at - rule.lateness
        if candidates:
            visit, *others = candidates
            visit.members.append(event)
            for other in others:
                if visit.could_absorb(other, rule):
                    visit.members.extend(other.members)
                    self.visits.remove(other)
                    absorbed.append(other.opener)
        else:
            visit = Visit(event, late)
            self.visits.append(visit)
        return Verdict(
            event,
            visit.opener,
            first=visit.first,
            index=len(visit.members),
            is_start=not candidates,
            is_late=late,
            absorbed=tuple(absorbed),
        )


def verdicts(history: History) -> list[Verdict]:
    """One verdict for each arrival, in stream order."""
    visitors: dict[tuple[str, str], Visitor] = {}
    result = []
    for event in arrivals(history):
        visitor = visitors.setdefault((event.site, event.visitor), Visitor())
        result.append(visitor.take(event, history.rules[event.site]))
    return result


def followed(all_verdicts: Iterable[Verdict]) -> dict[Opener, list[Arrival]]:
    """The rows of each session once every merge is followed to its survivor, as the `sessions` view does."""
    all_verdicts = list(all_verdicts)
    survivor: dict[Opener, Opener] = {}
    for verdict in all_verdicts:
        if verdict.session is not None:
            survivor.update(dict.fromkeys(verdict.absorbed, verdict.session))
    result: dict[Opener, list[Arrival]] = {}
    for verdict in all_verdicts:
        if verdict.session is not None:
            name = verdict.session
            while name in survivor:
                name = survivor[name]
            result.setdefault(name, []).append(verdict.arrival)
    return result
