"""The console's store of observations: counts in memory, events on disk, bounded, found by every id. Pure.

All times are epoch milliseconds.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from console.arrivals import Arrivals
from console.records import Brief, Kind, Records
from console.refusals import Refusals, subject_of_answer, subject_of_row
from console.seen import (
    MERGE,
    AnswerSeen,
    EnrichedSeen,
    RawSeen,
    RejectedSeen,
    Story,
    keys_of_line,
    keys_of_raw,
)

MOST_RECORDS = 100_000
"""Records remembered at least: two of an event, some 3 kB each on disk."""
SECONDS = 600
"""How far back the counts by second go."""
MOST_DAYS = 8
LATENCIES = 1_000
"""The newest latencies that percentiles are made of."""
MOST_FOUND = 500
MOST_OPEN = 50_000
"""Visitors and sessions of whom the last sign of life is kept."""


class Second(NamedTuple):
    """Counts of one second of arrival. `refused`: whole requests, the others are events."""

    at: int
    accepted: int = 0
    rejected: int = 0
    refused: int = 0
    enriched: int = 0
    copies: int = 0
    bots: int = 0
    late: int = 0


class Store:
    """Takes in what the tails read; answers what the pages ask. Not thread-safe: the owner holds a lock."""

    def __init__(self, most: int = MOST_RECORDS) -> None:
        self.records = Records(most)
        self.refusals = Refusals()
        self.arrivals = Arrivals()
        self.totals: dict[str, int] = {}
        """Counts since the start, named as in `Second`."""
        self._seconds: OrderedDict[int, dict[str, int]] = OrderedDict()
        self._latencies: deque[int] = deque(maxlen=LATENCIES)
        self._alive: dict[str, OrderedDict[str, int]] = {
            "visitor_id": OrderedDict(),
            "session_id": OrderedDict(),
        }
        self._newest_visitors: OrderedDict[str, None] = OrderedDict()
        self.newest_columns: dict[str, Any] = {}
        """Of the enriched line seen last."""
        self.money: dict[str, dict[str, Decimal]] = {}
        """Value of the purchases of people by day of the event and currency; bots left out, copies once."""

    # what the tails read

    def take_raw(self, shard: str, sequence: str, arrived_at: int, record: dict[str, Any]) -> None:
        """A record of the raw stream, as JSON."""
        self.arrivals.take(shard, sequence, arrived_at, tick=not record.get("events"))
        context = {name: value for name, value in record.items() if name != "events"}
        for event in record.get("events") or []:
            event_id = event.get("event_id") if isinstance(event, dict) else None
            if not isinstance(event_id, str) or not event_id:
                continue
            before = [seen for seen in self.records.briefs(event_id) if seen.kind is Kind.RAW]
            if any(seen.sequence == sequence for seen in before):
                continue  # read again after an error
            self._count(arrived_at, **({"copies": 1} if before else {"accepted": 1}))
            brief = Brief(Kind.RAW, shard, sequence, arrived_at)
            self.records.add(event_id, brief, orjson.dumps([context, event]), keys_of_raw(context, event))

    def take_enriched(
        self, shard: str, sequence: str, arrived_at: int, columns: dict[str, Any], line: bytes | None = None
    ) -> None:
        """A line of the enriched stream, as JSON; `line`: the same as it came."""
        event_id = columns.get("event_id")
        if not isinstance(event_id, str) or not event_id:
            return
        merge = columns.get("event_name") == MERGE
        sequence_key = f"{sequence}/merge" if merge else sequence
        before = self.records.briefs(event_id)
        lines = [seen.sequence for seen in before if seen.kind is Kind.ENRICHED]
        if sequence_key in lines:
            return  # read again after an error
        document = line if line is not None else orjson.dumps(columns, default=str)
        brief = Brief(Kind.ENRICHED, shard, sequence_key, arrived_at)
        self.records.add(event_id, brief, document, keys_of_line(columns))
        if merge:
            return
        came_at = next((seen.at for seen in before if seen.kind is Kind.RAW), None)
        if came_at is not None:
            self._latencies.append(max(0, arrived_at - came_at))
        bot, late = bool(columns.get("is_bot")), bool(columns.get("is_late"))
        self._count(arrived_at, enriched=1, bots=int(bot), late=int(late))
        self._sign_of_life(columns, arrived_at)
        self.newest_columns = columns
        if columns.get("event_name") == "purchase" and not bot and not lines:
            self._take_money(columns)

    def take_rejected(self, key: str, rejected_at: int, row: dict[str, Any]) -> None:
        """A row of the rejected table; `key`: the object that holds it."""
        self.refusals.take(subject_of_row(row), rejected_at, row)
        self._count(rejected_at, rejected=1)
        event_id = row.get("event_id")
        if isinstance(event_id, str) and event_id:
            brief = Brief(Kind.REJECTED, "", key, rejected_at)
            self.records.add(event_id, brief, orjson.dumps(row, default=str), ())

    def take_answer(self, line: dict[str, Any], at: int) -> None:
        """A line of ingest's log about a request of which nothing was taken: found by the request's id and by the ids
        of its events, as far as ingest could read any."""
        request_id = str(line.get("request_id") or "")
        if not request_id or any(seen.kind is Kind.ANSWER for seen in self.records.briefs(request_id)):
            return
        self.refusals.take(subject_of_answer(line), at, line)
        self._count(at, refused=1)
        document = orjson.dumps(line)
        for one in (request_id, *line.get("event_ids", ())):
            self.records.add(str(one), Brief(Kind.ANSWER, "", request_id, at), document, ())

    # what the pages ask

    def find(self, text: str) -> list[Story]:
        """Stories by event id, the client's own id, visitor, user, order, session or request; the oldest first."""
        wanted = text.strip()
        story = self.story(wanted) or self.story(wanted.lower())
        if story is not None:
            return [story]
        found = [self.story(one) for one in self.records.named(wanted, MOST_FOUND)]
        return [story for story in found if story is not None]

    def story(self, event_id: str) -> Story | None:
        """All that is remembered of an event."""
        records = self.records.of(event_id)
        if not records:
            return None
        story = Story(event_id)
        for brief, text in records:
            document = orjson.loads(text)
            if brief.kind is Kind.RAW:
                story.raw.append(RawSeen(brief.shard, brief.sequence, brief.at, *document))
            elif brief.kind is Kind.ENRICHED:
                sequence = brief.sequence.partition("/")[0]
                story.enriched.append(EnrichedSeen(brief.shard, sequence, brief.at, document))
            elif brief.kind is Kind.REJECTED:
                story.rejected.append(RejectedSeen(brief.sequence, document))
            else:
                story.answers.append(AnswerSeen(brief.sequence, brief.at, document))
        return story

    def seconds(self, now: int, most: int = SECONDS) -> list[Second]:
        """The counts of the last `most` whole seconds before `now`, oldest first, silence included."""
        last = now // 1000
        return [Second(at, **self._seconds.get(at, {})) for at in range(last - most, last)]

    def latency(self, share: float) -> int | None:
        """Milliseconds from the raw stream to the enriched stream, of the newest events; `share` 0.5 is the median."""
        if not self._latencies:
            return None
        ordered = sorted(self._latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def sessions_of(self, visitor_id: str) -> dict[str, list[Story]]:
        """The visitor's events by session id, in the order in which they were seen."""
        found: dict[str, list[Story]] = {}
        for story in self.find(visitor_id):
            session = story.columns.get("session_id")
            if session:
                found.setdefault(str(session), []).append(story)
        return found

    def newest_visitors(self, most: int) -> list[str]:
        """Those seen last, people and bots, the newest first."""
        return [visitor for visitor, _ in zip(reversed(self._newest_visitors), range(most), strict=False)]

    def open_now(self, now: int, gap_ms: int) -> tuple[int, int]:
        """(visitors, sessions) of people with an event in the last `gap_ms`."""
        visitors, sessions = (
            sum(1 for _ in _since(self._alive[name], now - gap_ms)) for name in ("visitor_id", "session_id")
        )
        return visitors, sessions

    def event_ids(self) -> Iterator[str]:
        """Of all that is remembered."""
        return self.records.event_ids()

    # inside

    def _sign_of_life(self, columns: dict[str, Any], at: int) -> None:
        visitor = str(columns.get("visitor_id"))
        self._newest_visitors[visitor] = None
        self._newest_visitors.move_to_end(visitor)
        if len(self._newest_visitors) > SECONDS:
            self._newest_visitors.popitem(last=False)
        if columns.get("is_bot"):
            return
        for name, alive in self._alive.items():
            key = str(columns.get(name))
            alive[key] = max(at, alive.get(key, 0))
            alive.move_to_end(key)
            if len(alive) > MOST_OPEN:
                alive.popitem(last=False)

    def _count(self, at: int, **counts: int) -> None:
        second = self._seconds.setdefault(at // 1000, {})
        for name, count in counts.items():
            if count:
                second[name] = second.get(name, 0) + count
                self.totals[name] = self.totals.get(name, 0) + count
        while len(self._seconds) > SECONDS * 2:
            self._seconds.popitem(last=False)

    def _take_money(self, columns: dict[str, Any]) -> None:
        day = self.money.setdefault(str(columns.get("event_date")), {})
        currency = str(columns.get("currency") or "?")
        try:
            day[currency] = day.get(currency, Decimal(0)) + Decimal(str(columns.get("value") or 0))
        except InvalidOperation:
            return
        while len(self.money) > MOST_DAYS:
            del self.money[min(self.money)]


def _since(alive: OrderedDict[str, int], moment: int) -> Iterator[str]:
    """Those alive since then; they stand last."""
    for key in reversed(alive):
        if alive[key] < moment:
            return
        yield key
