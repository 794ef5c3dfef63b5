"""Random histories, for Hypothesis (they shrink) and, by a seed, for long runs (they are quick).

One generator serves both: it asks `Choices` for every decision, the simplest answer first. Times are aimed at
the edges of the rule (the gap, the length, the lateness, the retention, each a millisecond to either side)
because random times never hit them.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import count, pairwise
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from tests.proofs.sessions.history import (
    DAY,
    MINUTE,
    MOST_TRANSIT,
    NONSENSE,
    SLACK,
    WINDOW,
    History,
    Record,
    Rule,
    event_time,
)

T = TypeVar("T")
START = 1_795_296_000_000
HOUR = 60 * MINUTE

RULES = (
    Rule(30 * MINUTE, DAY, HOUR),  # the default
    Rule(30 * MINUTE, 2 * HOUR, HOUR),
    Rule(5 * MINUTE, 17 * MINUTE, 10 * MINUTE),
    Rule(MINUTE, HOUR, 0),  # no lateness: a session is retained for one gap
    Rule(10 * MINUTE, 3 * MINUTE, 5 * MINUTE),  # shorter than its gap
    Rule(30 * MINUTE, 45 * MINUTE, DAY),  # late events are joined for a day
)
VISITORS = (("loja", "ana"), ("loja", "bia"), ("feira", "ana"), ("feira", "caio"))


class Choices(Protocol):
    """Where decisions come from."""

    def integer(self, low: int, high: int) -> int:
        """A whole number, both ends included."""

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, the first being the simplest."""


class Seeded:
    """Decisions by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def integer(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self._random() * len(options))]


class _Drawn:
    """Decisions by Hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(_integers(low, high))

    def pick(self, options: Sequence[T]) -> T:
        return options[self._draw(_integers(0, len(options) - 1))]


@cache
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Histories that Hypothesis can shrink."""
    return generate(_Drawn(draw))


def seeded(seed: int) -> History:
    """The history of this seed."""
    return generate(Seeded(seed))


def many(number: int, first: int = 0) -> Iterator[tuple[int, History]]:
    """`number` histories with their seeds."""
    return ((seed, seeded(seed)) for seed in range(first, first + number))


def event_ids() -> Iterator[str]:
    """Event ids, all different."""
    return (f"{number:08x}-0000-4000-8000-000000000000" for number in count(1))


def generate(choices: Choices) -> History:
    """One history, by `choices`."""
    return _Visits(choices).history()


# How the records of a history come about; repeated entries are more frequent. Every temper but the last keeps
# each visitor's clock within the slack of the shard's.
TEMPERS: dict[str, tuple[str, ...]] = {
    "calm": ("live",),
    "retries": ("live", "live", "copy", "echo"),
    "puzzle": ("piece",) * 7 + ("copy",),
    "shuffled": ("live", "live", "back", "back", "fill", "fill", "copy", "comb", "stretch"),
    "wild": (
        "live",
        "back",
        "fill",
        "queue",
        "copy",
        "linger",
        "linger",
        "comb",
        "stretch",
        "foreign",
        "rare",
    ),
    "lagging": ("live", "back", "fill", "queue", "copy", "linger", "verge"),
}


class _VisitorSoFar:
    """What the generator remembers of one visitor, to aim at."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.received: list[int] = []
        self.records: list[Record] = []


class _Visits:
    """A history in the making. `now`: the newest arrival so far."""

    def __init__(self, choices: Choices) -> None:
        self.integer = choices.integer
        self.pick = choices.pick
        self.temper = self.pick(
            ("calm", "retries", "puzzle", "puzzle", "shuffled", "wild", "wild", "lagging")
        )
        self.rules = {"loja": self.pick(RULES), "feira": self.pick(RULES)}
        self.visitors = VISITORS[: self.pick((1, 1, 1, 2, 4))]
        self.so_far = {visitor: _VisitorSoFar() for visitor in self.visitors}
        self.now = START
        self.records: list[Record] = []
        self.crowded = False
        self.planned: list[tuple[tuple[str, str], Callable[[], Record]]] = []
        self.new_ids = event_ids()

    def history(self) -> History:
        fewest, most = self.pick(((1, 4), (1, 12), (8, 16), (8, 24)))
        for _ in range(self.integer(fewest, most)):
            self._meet(self.pick(self.visitors))
            kinds = TEMPERS[self.temper]
            kind = self.pick(kinds) if self.seen.times else kinds[0]
            self._keep(getattr(self, f"_{kind}")())
            while self.planned:
                visitor, make = self.planned.pop(0)
                self._meet(visitor)
                self._keep(make())
        sites = {site for site, _ in self.visitors}
        return History(
            {site: rule for site, rule in self.rules.items() if site in sites}, tuple(self.records)
        )

    def _meet(self, visitor: tuple[str, str]) -> None:
        self.visitor = visitor
        self.seen = self.so_far[visitor]
        self.rule = self.rules[visitor[0]]

    def _keep(self, record: Record) -> None:
        self.records.append(record)
        self.seen.records.append(record)
        for _, ts in record.events:
            self.seen.times.append(event_time(record.received_at, record.sent_at, ts)[0])
            self.seen.received.append(record.received_at)
        self.now = max(self.now, record.received_at)

    # Kinds of records

    def _live(self) -> Record:
        """A visitor acts: the next event follows the newest one."""
        at = max(self.seen.times, default=self.now) + self._step()
        if self.temper == "calm":
            at = max(at, self.now)
        self.now = max(self.now, at)
        return self._record(self._received(), self._run(at))

    def _back(self) -> Record:
        """Something earlier arrives only now, near another event."""
        at = self.pick(self.seen.times[-8:]) + self.pick((-1, -1, 1)) * self._step()
        return self._record(self._received(), self._run(at))

    def _fill(self) -> Record:
        """An event between two visits, so that it may join them."""
        times = sorted(set(self.seen.times))
        holes = [(a, b) for a, b in pairwise(times) if self.rule.gap < b - a <= 2 * self.rule.gap][-4:]
        if not holes:
            return self._back()
        a, b = self.pick(holes)
        at = self.pick(((a + b) // 2, a + self.rule.gap, b - self.rule.gap, a + 1))
        return self._record(self._received(), [at])

    def _piece(self) -> Record:
        """One of a few visits that touch each other, sent in any order at nearly one time."""
        gap = self.rule.gap
        self.now = max(self.now, START + 7 * gap)
        at = START + gap * self.integer(0, 6) + self.pick((0, 0, 0, 1, -1, gap // 2))
        return self._record(self.now + self.pick((0, 0, 1, 5)), [at])

    def _queue(self) -> Record:
        """A phone was offline: everything comes at once, much later."""
        behind = self.pick((self.rule.lateness, HOUR, 5 * HOUR, DAY, NONSENSE)) + self.pick(
            (0, 1, -1, MINUTE)
        )
        at = self._received() - behind
        times = [at]
        for _ in range(self.integer(1, 5)):
            times.append(times[-1] + self._step())
        return self._record(self._received(), times)

    def _linger(self) -> Record:
        """An event at the end of a session's retention."""
        index = self.integer(max(0, len(self.seen.times) - 6), len(self.seen.times) - 1)
        received = self.seen.received[index] + self.rule.retention + self.pick((0, 1, -1))
        at = self.seen.times[index] + self.pick((0, self.rule.gap, -self.rule.gap))
        if self.pick((False, True, True, True)) and self.seen.records:
            return self._again(self._not_before_slack(received))
        return self._record(self._not_before_slack(received), [at])

    def _copy(self) -> Record:
        """A request that was sent before."""
        return self._again(self._received())

    def _echo(self) -> Record:
        """A request that holds an event twice, maybe at two times."""
        record = self._live()
        event_id, ts = record.events[0]
        ts = ts if ts is None else ts + self.pick((0, 1, self.rule.gap + 1))
        return record._replace(events=(*record.events, (event_id, ts)))

    def _foreign(self) -> Record:
        """An event id that some visitor has used before, which need not be this one."""
        other = self.pick(self.records[-6:])
        event_id = self.pick(other.events)[0]
        received = self._received()
        return Record(*self.visitor, received, None, ((event_id, received - self.integer(0, self.rule.gap)),))

    def _comb(self) -> Record:
        """Visits a little more than a gap apart, so that later events join them."""
        step = self.rule.gap + self.pick((1, self.rule.gap, self.rule.gap // 2))
        at = max(self.seen.times)
        self.now = max(self.now, at + 4 * step)
        return self._record(self._received(), [at + step * i for i in range(1, self.integer(2, 4))])

    def _stretch(self) -> Record:
        """The newest visit goes on until it is as long as allowed, and one event beyond or not."""
        gap = self.rule.gap
        times = sorted(set(self.seen.times), reverse=True)
        start = next((a for a, b in pairwise(times) if a - b > gap), times[-1])
        end = start + self.rule.longest + self.pick((0, 1, -1, gap))
        run = [*range(times[0] + gap, end, gap), end]
        self.now = max(self.now, end)
        if self.pick((False, False, True)):
            run.reverse()
        return self._record(self._received(), run)

    def _rare(self) -> Record:
        """Something large, so not too often."""
        if self.crowded or self.pick((True, True, True, False)):
            return self._live()
        self.crowded = True
        return self._crowd()

    def _crowd(self) -> Record:
        """As many new ids as the window remembers, or one fewer or more, and then a copy of an earlier id."""
        new = WINDOW + self.pick((0, -1, 1)) - self.pick((0, self.integer(0, 5)))
        old = self.pick(self.seen.records[-6:])

        def copy() -> Record:
            return self._again(self._received(), old)

        halves = self.pick(((new,), (new // 2, new - new // 2)))
        for half in halves:
            self.planned += [(self.visitor, partial(self._many, half)), (self.visitor, copy)]
        return self.planned.pop(0)[1]()

    def _many(self, number: int) -> Record:
        at = self.seen.times[-1]
        return self._record(self._received(), [at + i for i in range(number)])

    def _verge(self) -> Record:
        """The last moment before the shard's clock forgets a visitor, and the ones beside it."""
        if len(self.visitors) == 1:
            return self._linger()
        index = max(range(len(self.seen.received)), key=self.seen.received.__getitem__)
        at, newest = self.seen.times[index], self.seen.received[index]
        received = newest + self.rule.retention
        target = received + SLACK + self.pick((0, 1, -1))
        if target < self.now:
            return self._linger()
        back = partial(self._record, received - self.pick((0, 1)), [at])
        self.planned.append((self.visitor, back))
        self._meet(next(visitor for visitor in self.visitors if visitor != self.visitor))
        return self._record(target, [target])

    # Their parts

    def _step(self) -> int:
        """A time between two events, mostly inside the gap."""
        gap, longest, lateness = self.rule
        near = self.pick((0, 0, 0, 1, -1))
        kind = self.integer(0, 9)
        if kind < 5:
            return self.integer(0, gap)
        if kind < 7:
            return gap + near
        if kind == 7:
            return 2 * gap + near
        if kind == 8:
            return self.pick((longest, gap // 2, gap // 2, lateness)) + near
        return self.pick((gap, gap + lateness, DAY)) + self.integer(0, gap)

    def _run(self, at: int) -> list[int]:
        """The event times of a record's events, the first of them given."""
        times = [at]
        for _ in range(self.pick((0, 0, 0, 1, 2, 5))):
            step = self.pick((0, 1, self.rule.gap // 3, self.rule.gap))
            times.append(times[-1] + step)
        if self.temper == "calm":
            self.now = max(self.now, times[-1])
        elif self.pick((False, False, True)):
            times.reverse()
        return times

    def _received(self) -> int:
        """When the next record arrives: a little later, or with a clock that lags."""
        at = self.now + self.pick((0, 1, 1, self.integer(0, MINUTE)))
        if self.temper == "lagging":
            return at - self.pick((0, SLACK, SLACK + 1, SLACK + self.rule.retention, 3 * HOUR, DAY))
        if self.temper == "wild":
            return self._not_before_slack(at - self.pick((0, 0, 0, 0, MINUTE, SLACK)))
        return at

    def _not_before_slack(self, received: int) -> int:
        return received if self.temper == "lagging" else max(received, self.now - SLACK)

    def _again(self, received: int, old: Record | None = None) -> Record:
        old = old or self.pick(self.seen.records[-6:])
        sent_at = old.sent_at
        if sent_at is not None and self.pick((True, False)):
            sent_at += received - old.received_at  # stamped anew, else the same bytes as before
        first = self.pick((0, 0, 0, len(old.events) - 1))
        return old._replace(received_at=received, sent_at=sent_at, events=old.events[first:])

    def _record(self, received: int, times: Sequence[int]) -> Record:
        """A record whose events happened at `times`, sent by a client with one of several clocks."""
        clock = self.pick(("right",) * 5 + ("ahead", "behind", "none", "wrong", "slow"))
        sent_at: int | None = None
        stamps: list[int | None] = list(times)
        if clock in {"ahead", "behind"} or (clock == "right" and self.pick((False, True))):
            error = self.integer(1, 400 * DAY) if clock != "right" else 0
            sent_at = received - self.integer(0, 2_000) + (error if clock == "ahead" else -error)
            stamps = [at - received + sent_at for at in times]
        elif clock == "none" and self.temper != "calm":
            stamps = [None if self.pick((True, False)) else at for at in times]
            sent_at = self.pick((None, received))
        elif clock == "slow":
            transit = self.pick((MOST_TRANSIT, MOST_TRANSIT + 1, self.integer(1, MINUTE), MOST_TRANSIT - 1))
            sent_at = received - transit
            stamps = [sent_at if self.pick((True, False)) else min(at, sent_at) for at in times]
        elif clock == "wrong" and self.temper not in {"calm", "retries"}:
            strange = (received + DAY, received + 1, received - NONSENSE, received - NONSENSE - 1, 0, 2**40)
            stamps = [self.pick(strange) if self.pick((True, False)) else at for at in times]
            sent_at = self.pick((None, received - 5 * DAY, received + DAY))
        events: list[Any] = [(next(self.new_ids), ts) for ts in stamps]
        return Record(*self.visitor, received, sent_at, tuple(events))
