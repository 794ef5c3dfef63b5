"""What the console has seen of the streams: bounded, in memory, indexed by every id that may be asked for. Pure.

One `Story` for each event id: the raw records that hold it, its enriched line, the row of its refusal. All times are
epoch milliseconds.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

MOST_STORIES = 50_000
"""Events remembered; the oldest are forgotten first. Some 4 kB each with both records, so about 200 MB at the most."""
SECONDS = 600
"""How far back the counts by second go."""
MOST_DAYS = 8
LATENCIES = 1_000
"""The newest latencies that percentiles are made of."""


class RawSeen(NamedTuple):
    """An event in a record of the raw stream. `context`: the record without its events."""

    shard: str
    sequence: str
    arrived_at: int
    context: dict[str, Any]
    event: dict[str, Any]


class EnrichedSeen(NamedTuple):
    """A line of the enriched stream. `seen_at`: when the console read it."""

    shard: str
    sequence: str
    arrived_at: int
    columns: dict[str, Any]


class RejectedSeen(NamedTuple):
    """A row of the rejected table, and the object that holds it."""

    key: str
    row: dict[str, Any]


@dataclass(slots=True)
class Story:
    """Everything seen of one event id, in the order in which it was seen."""

    event_id: str
    raw: list[RawSeen] = field(default_factory=list)
    enriched: list[EnrichedSeen] = field(default_factory=list)
    rejected: list[RejectedSeen] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, Any]:
        """The enriched columns of the event itself; empty while it has none."""
        for line in self.enriched:
            if line.columns.get("event_name") != "session_merge":
                return line.columns
        return {}


class Second(NamedTuple):
    """Counts of one second of arrival."""

    at: int
    accepted: int = 0
    rejected: int = 0
    enriched: int = 0
    copies: int = 0
    bots: int = 0
    late: int = 0


class Store:
    """Takes in what the tails read; answers what the pages ask. Not thread-safe: the owner holds a lock."""

    def __init__(self, most: int = MOST_STORIES) -> None:
        self._most = most
        self._stories: OrderedDict[str, Story] = OrderedDict()
        self._by_key: dict[str, OrderedDict[str, None]] = {}
        self._seconds: OrderedDict[int, dict[str, int]] = OrderedDict()
        self._latencies: deque[int] = deque(maxlen=LATENCIES)
        self.recent: deque[tuple[int, str]] = deque(maxlen=2_000)
        """(number, event id) of what was seen last, numbered from 1."""
        self.rejections: deque[RejectedSeen] = deque(maxlen=5_000)
        self.number = 0
        self.money: dict[str, dict[str, Decimal]] = {}
        """Value of the purchases of people by day of the event and currency; bots left out, copies once."""

    # what the tails read

    def take_raw(self, shard: str, sequence: str, arrived_at: int, record: dict[str, Any]) -> None:
        """A record of the raw stream, as JSON."""
        context = {name: value for name, value in record.items() if name != "events"}
        for event in record.get("events") or []:
            story = self._story(event.get("event_id"))
            if story is None:
                continue
            if any(seen.sequence == sequence for seen in story.raw):
                continue  # read again after an error
            self._count(arrived_at, **({"copies": 1} if story.raw else {"accepted": 1}))
            story.raw.append(RawSeen(shard, sequence, arrived_at, context, event))
            self._index(
                story, context.get("visitor_id"), event.get("user_id"), _transaction(event), *_ids(event)
            )
            self._note(story)

    def take_enriched(self, shard: str, sequence: str, arrived_at: int, columns: dict[str, Any]) -> None:
        """A line of the enriched stream, as JSON."""
        story = self._story(columns.get("event_id"))
        if story is None or any(
            seen.sequence == sequence and seen.columns == columns for seen in story.enriched
        ):
            return
        story.enriched.append(EnrichedSeen(shard, sequence, arrived_at, columns))
        self._index(
            story,
            columns.get("visitor_id"),
            columns.get("user_id"),
            columns.get("transaction_id"),
            columns.get("session_id"),
        )
        if story.raw:
            self._latencies.append(max(0, arrived_at - story.raw[0].arrived_at))
        if columns.get("event_name") != "session_merge":
            self._count(
                arrived_at,
                enriched=1,
                bots=1 if columns.get("is_bot") else 0,
                late=1 if columns.get("is_late") else 0,
            )
            if (
                columns.get("event_name") == "purchase"
                and not columns.get("is_bot")
                and len(story.enriched) == 1
            ):
                self._take_money(columns)
        self._note(story)

    def take_rejected(self, key: str, rejected_at: int, row: dict[str, Any]) -> None:
        """A row of the rejected table; `key`: the object that holds it."""
        seen = RejectedSeen(key, row)
        self.rejections.append(seen)
        self._count(rejected_at, rejected=1)
        story = self._story(row.get("event_id"))
        if story is not None:
            story.rejected.append(seen)
            self._note(story)

    # what the pages ask

    def find(self, text: str) -> list[Story]:
        """Stories by event id, the client's own id, visitor, user, order or session; the oldest first."""
        wanted = text.strip()
        story = self._stories.get(wanted) or self._stories.get(wanted.lower())
        if story is not None:
            return [story]
        return [self._stories[one] for one in self._by_key.get(wanted, ()) if one in self._stories]

    def story(self, event_id: str) -> Story | None:
        return self._stories.get(event_id)

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

    def open_now(self, now: int, gap_ms: int) -> tuple[int, int]:
        """(visitors, sessions) with an event in the last `gap_ms`."""
        visitors: set[str] = set()
        sessions: set[str] = set()
        for story in self._newest():
            columns = story.columns
            if not columns or columns.get("is_bot"):
                continue
            if story.enriched[-1].arrived_at < now - gap_ms:
                break
            visitors.add(str(columns.get("visitor_id")))
            sessions.add(str(columns.get("session_id")))
        return len(visitors), len(sessions)

    def __len__(self) -> int:
        return len(self._stories)

    # inside

    def _newest(self) -> Iterator[Story]:
        return reversed(self._stories.values())

    def _story(self, event_id: Any) -> Story | None:
        if not isinstance(event_id, str) or not event_id:
            return None
        story = self._stories.get(event_id)
        if story is None:
            story = self._stories[event_id] = Story(event_id)
            while len(self._stories) > self._most:
                self._forget(self._stories.popitem(last=False)[1])
        return story

    def _index(self, story: Story, *keys: Any) -> None:
        for key in keys:
            if key is not None and key != "":
                self._by_key.setdefault(str(key), OrderedDict())[story.event_id] = None

    def _forget(self, story: Story) -> None:
        for key in [key for key in self._keys_of(story) if key in self._by_key]:
            self._by_key[key].pop(story.event_id, None)
            if not self._by_key[key]:
                del self._by_key[key]

    @staticmethod
    def _keys_of(story: Story) -> Iterable[str]:
        for raw in story.raw:
            for key in (
                raw.context.get("visitor_id"),
                raw.event.get("user_id"),
                _transaction(raw.event),
                *_ids(raw.event),
            ):
                if key is not None:
                    yield str(key)
        for line in story.enriched:
            for name in ("visitor_id", "user_id", "transaction_id", "session_id"):
                if line.columns.get(name) is not None:
                    yield str(line.columns[name])

    def _count(self, at: int, **counts: int) -> None:
        second = self._seconds.setdefault(at // 1000, {})
        for name, count in counts.items():
            second[name] = second.get(name, 0) + count
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

    def _note(self, story: Story) -> None:
        self.number += 1
        self.recent.append((self.number, story.event_id))


def _transaction(event: dict[str, Any]) -> Any:
    ecommerce = event.get("ecommerce")
    return ecommerce.get("transaction_id") if isinstance(ecommerce, dict) else None


def _ids(event: dict[str, Any]) -> list[str]:
    """The client's own ids of the event, kept beside ours under `properties`."""
    properties = event.get("properties")
    if not isinstance(properties, dict):
        return []
    names = ("message_id", "messageId", "original_event_id", "event_id")
    return [value for name in names if isinstance(value := properties.get(name), str)]
