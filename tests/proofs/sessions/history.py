"""What the oracles read: records of raw events in stream order, and the rule of each site.

All times are epoch milliseconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

DAY = 86_400_000
MINUTE = 60_000
WINDOW = 256
"""How many accepted event ids of a visitor are remembered."""
SLACK = 10 * MINUTE
"""How far a visitor's clock may lag behind the shard's before it sees less retention."""
NONSENSE = 7 * DAY
"""An event that claims to be older than this has a nonsense clock."""


MOST_TRANSIT = 5 * MINUTE
"""A request is at most so long on its way: what lies between sending and receipt beyond it is a wrong clock."""


class Rule(NamedTuple):
    """The session rule of a site: gap G, maximum length L, lateness H."""

    gap: int
    longest: int
    lateness: int

    @property
    def retention(self) -> int:
        """R: how long after its last arrival a session can still be joined."""
        return self.gap + self.lateness


class Record(NamedTuple):
    """One raw record: one visitor's part of one request. `events`: (event id, ts)."""

    site: str
    visitor: str
    received_at: int
    sent_at: int | None
    events: tuple[tuple[str, int | None], ...]


class History(NamedTuple):
    """The records of one shard in stream order; `rules` by site."""

    rules: Mapping[str, Rule]
    records: tuple[Record, ...]


class Arrival(NamedTuple):
    """One event as it arrives. `record`: its record's number. `watermark`: the newest `received_at` of the
    shard, this record's included."""

    ordinal: int
    record: int
    site: str
    visitor: str
    event_id: str
    at: int
    suspect: bool
    received_at: int
    watermark: int


def event_time(received_at: int, sent_at: int | None, ts: int | None) -> tuple[int, bool]:
    """When it happened, and whether the client's clock was too wrong to use it."""
    if ts is None:
        claimed = received_at
    elif sent_at is None or abs(received_at - sent_at) <= MOST_TRANSIT:
        claimed = ts
    else:
        claimed = received_at - (sent_at - ts)
    if claimed < received_at - NONSENSE:
        return received_at, True
    return min(claimed, received_at), False


def arrivals(history: History) -> list[Arrival]:
    """Every event of the history in stream order."""
    result: list[Arrival] = []
    watermark = 0
    for number, (site, visitor, received_at, sent_at, events) in enumerate(history.records):
        watermark = max(watermark, received_at)
        for event_id, ts in events:
            at, suspect = event_time(received_at, sent_at, ts)
            event = (site, visitor, event_id, at, suspect, received_at, watermark)
            result.append(Arrival(len(result), number, *event))
    return result


def by_visitor(events: Iterable[Arrival]) -> dict[tuple[str, str], list[Arrival]]:
    """The arrivals of each (site, visitor), in stream order."""
    result: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for event in events:
        result[event.site, event.visitor].append(event)
    return dict(result)
