"""What occurs in a history, by name, so that a test can count that everything really occurred."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby, pairwise

from tests.proofs.sessions.arrivals_oracle import Opener, Verdict, verdicts
from tests.proofs.sessions.history import (
    MOST_TRANSIT,
    NONSENSE,
    SLACK,
    Arrival,
    History,
    Record,
    Rule,
    by_visitor,
)
from tests.proofs.sessions.oracle import Difference, chains, differences, first_copies, split


class Class(StrEnum):
    """Each must occur in a run; the text says what it is."""

    REORDERED = "an event happened before one that arrived earlier"
    CLOCK_BACK = "a record was received before the visitor's previous one"
    GAP_EXACT = "two events exactly the gap apart"
    GAP_BEYOND = "two events a millisecond more than the gap apart"
    EXTENDED_BACK = "a session got an earlier start"
    MERGE = "an event joined two sessions"
    MERGE_AGAIN = "a survivor was absorbed later"
    MERGE_REFUSED = "an event near two sessions joined one, as both would be too long"
    JOIN_REFUSED = "an event near a session opened its own, as the other would be too long"
    LENGTH_EXACT = "a session exactly as long as allowed"
    LENGTH_BEYOND = "a chain was cut a millisecond beyond the maximum length"
    LATE = "a late event"
    LATE_EXACT = "an event exactly the lateness old: not late"
    LATE_BEYOND = "an event a millisecond older than the lateness"
    QUEUE = "three or more late events of one record in one session"
    RETENTION_EXACT = "a join at the last millisecond of retention"
    RETENTION_BEYOND = "an arrival a millisecond after it"
    PARTLY_FORGOTTEN = "a session was removed while another stayed"
    COPY = "a copy was dropped"
    COPY_IN_RECORD = "a request was repeated whole"
    COPY_WITHIN = "a record held an event twice"
    COPY_TAKEN = "a copy was accepted again"
    COPY_PRUNES = "a copy that was dropped removed a session"
    FOREIGN_ID = "two visitors used one event id"
    CLOCK_CORRECTED = "a client's wrong clock was corrected"
    CLOCK_EXACT = "a clock exactly as far off as the way can explain: believed"
    CLOCK_BEYOND = "a clock a millisecond farther off: corrected"
    TRANSIT = "a request was on its way for a while"
    CLOCK_FUTURE = "a time later than the arrival"
    CLOCK_NONSENSE = "a nonsense clock"
    CLOCK_NONSENSE_EXACT = "exactly seven days old: believed"
    CLOCK_ABSENT = "no time given"
    INTERLEAVED = "visitors take turns"
    SETTINGS = "two sites with different rules"
    PLAIN = "an in-order visitor without any difference"
    DIFFERENT_RETENTION = Difference.RETENTION.value
    DIFFERENT_WINDOW = Difference.WINDOW.value
    DIFFERENT_LENGTH = Difference.LENGTH.value
    DIFFERENT_WATERMARK = Difference.WATERMARK.value
    WITHIN_SLACK = "no visitor's clock lags by more than the slack"


def classes(history: History) -> set[Class]:
    """Everything that occurs in this history."""
    all_verdicts = verdicts(history)
    found = _of_records(history.records)
    if len(set(history.rules.values())) > 1 and len({record.site for record in history.records}) > 1:
        found.add(Class.SETTINGS)
    if all(v.arrival.received_at >= v.arrival.watermark - SLACK for v in all_verdicts):
        found.add(Class.WITHIN_SLACK)
    owners = {(v.arrival.event_id, v.arrival.site, v.arrival.visitor) for v in all_verdicts}
    if len({event_id for event_id, _, _ in owners}) < len(owners):
        found.add(Class.FOREIGN_ID)
    verdicts_of: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in all_verdicts:
        verdicts_of.setdefault((verdict.arrival.site, verdict.arrival.visitor), []).append(verdict)
    for key, events in by_visitor(v.arrival for v in all_verdicts).items():
        rule = history.rules[key[0]]
        different = differences(events, rule)
        found |= {Class(difference.value) for difference in different}
        found |= _of_times(events, rule)
        retained = _Retained(rule)
        for verdict in verdicts_of[key]:
            found |= retained.names(verdict)
        if not different and all(a.at <= b.at for a, b in pairwise(events)) and len(events) > 2:
            found.add(Class.PLAIN)
    return found


def _of_records(records: Sequence[Record]) -> set[Class]:
    found: set[Class] = set()
    requests: set[tuple[object, ...]] = set()
    newest: dict[tuple[str, str], int] = {}
    for record in records:
        who = record.site, record.visitor
        request = (*who, record.events)
        if request in requests:
            found.add(Class.COPY_IN_RECORD)
        requests.add(request)
        if len(dict(record.events)) < len(record.events):
            found.add(Class.COPY_WITHIN)
        if record.received_at < newest.get(who, 0):
            found.add(Class.CLOCK_BACK)
        newest[who] = record.received_at
        for _, ts in record.events:
            if ts is None:
                found.add(Class.CLOCK_ABSENT)
                continue
            off = 0 if record.sent_at is None else record.received_at - record.sent_at
            claimed = ts if abs(off) <= MOST_TRANSIT else ts + off
            age = record.received_at - claimed
            found |= {
                name
                for name, occurs in (
                    (Class.CLOCK_FUTURE, age < 0),
                    (Class.CLOCK_NONSENSE, age > NONSENSE),
                    (Class.CLOCK_NONSENSE_EXACT, age == NONSENSE),
                    (Class.CLOCK_EXACT, abs(off) == MOST_TRANSIT),
                    (Class.CLOCK_BEYOND, abs(off) == MOST_TRANSIT + 1),
                    (Class.TRANSIT, 0 < off < MOST_TRANSIT and ts == record.sent_at),
                    (Class.CLOCK_CORRECTED, abs(claimed - ts) > NONSENSE >= age >= 0),
                )
                if occurs
            }
    turns = [who for who, _ in groupby((record.site, record.visitor) for record in records)]
    if len(turns) > len(set(turns)):
        found.add(Class.INTERLEAVED)
    return found


def _of_times(events: Sequence[Arrival], rule: Rule) -> set[Class]:
    firsts = first_copies(events)
    ordered = chains(firsts, rule.gap)
    parts = split(firsts, rule)
    steps = {b.at - a.at for chain in ordered for a, b in pairwise(chain)}
    holes = {after[0].at - before[-1].at for before, after in pairwise(ordered)}
    spans = {chain[-1].at - chain[0].at for chain in ordered}
    cuts = {after[0].at - before[0].at for before, after in pairwise(parts)}
    ages = {event.received_at - event.at for event in firsts}
    occurs = {
        Class.REORDERED: any(a.at > b.at for a, b in pairwise(firsts)),
        Class.GAP_EXACT: rule.gap in steps,
        Class.GAP_BEYOND: rule.gap + 1 in holes,
        Class.LENGTH_EXACT: rule.longest in spans,
        Class.LENGTH_BEYOND: rule.longest + 1 in cuts and max(spans) > rule.longest,
        Class.LATE_EXACT: rule.lateness > 0 and rule.lateness in ages,
        Class.LATE_BEYOND: rule.lateness + 1 in ages,
    }
    return {name for name, does in occurs.items() if does}


class _Retained:
    """The retained sessions of one visitor, as far as the names need them: first, last and newest arrival."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.extent: dict[Opener, tuple[int, int, int]] = {}
        self.survivors: set[Opener] = set()
        self.taken: set[str] = set()
        self.late: Counter[tuple[Opener, int]] = Counter()

    def names(self, verdict: Verdict) -> set[Class]:
        """What occurs at this arrival."""
        event = verdict.arrival
        over = {s: e for s, e in self.extent.items() if event.received_at > e[2] + self.rule.retention}
        some_stay = len(over) < len(self.extent)
        self.extent = {s: e for s, e in self.extent.items() if s not in over}
        occurs = {
            Class.RETENTION_BEYOND: any(
                e[2] + self.rule.retention + 1 == event.received_at for e in over.values()
            ),
            Class.PARTLY_FORGOTTEN: bool(over) and some_stay,
            Class.COPY: verdict.session is None,
            Class.COPY_PRUNES: verdict.session is None and bool(over),
        }
        found = {name for name, does in occurs.items() if does}
        if verdict.session is not None:
            found |= self._taken(verdict, verdict.session)
        return found

    def _taken(self, verdict: Verdict, name: Opener) -> set[Class]:
        event = verdict.arrival
        near = {s for s, e in self.extent.items() if e[0] - self.rule.gap <= event.at <= e[1] + self.rule.gap}
        before = self.extent.get(name, (event.at, event.at, event.received_at))
        self.late[name, event.received_at] += verdict.is_late
        occurs = {
            Class.COPY_TAKEN: event.event_id in self.taken,
            Class.LATE: verdict.is_late,
            Class.QUEUE: self.late[name, event.received_at] >= 3,
            Class.MERGE: bool(verdict.absorbed),
            Class.MERGE_AGAIN: bool(self.survivors & set(verdict.absorbed)),
            Class.MERGE_REFUSED: len(near) > 1 + len(verdict.absorbed),
            Class.JOIN_REFUSED: bool(near) and verdict.is_start,
            Class.EXTENDED_BACK: event.at < before[0],
            Class.RETENTION_EXACT: event.received_at == before[2] + self.rule.retention,
        }
        extents = [self.extent.pop(absorbed, before) for absorbed in verdict.absorbed]
        extents += [before, (event.at, event.at, event.received_at)]
        firsts, lasts, newest = zip(*extents, strict=True)
        self.extent[name] = min(firsts), max(lasts), max(newest)
        self.taken.add(event.event_id)
        if verdict.absorbed:
            self.survivors.add(name)
        return {name for name, does in occurs.items() if does}
