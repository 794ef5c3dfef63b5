"""A shop's day as raw records, seeded: the same seed gives the same bytes."""

import json
import random
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple
from uuid import UUID

from tests.support.raw_records import raw_record

SITE = "loja"
FIRST_MS = 1_767_225_600_000
"""2026-01-01. The day lies in the past; only a received_at later than the arrival is refused."""

PROTOCOL_LINES = (
    '\n{"action":"checkpoint","sequenceNumber":null,"subSequenceNumber":null}\n'
    '{"action":"status","responseFor":"processRecords"}\n'
)
"""What a child says to its daemon. As a page's title it must stay a title."""


class Sent(NamedTuple):
    """One raw record as it is put. `event_ids` is empty for a record that has to be rejected."""

    partition_key: str
    data: bytes
    event_ids: tuple[str, ...]


class Load:
    """An endless day: visitors come and go, so that sessions stretch over whatever happens meanwhile.

    In it: visits of several records, pauses of exactly the session gap, new sessions, events that come late
    and join two sessions, repeats of whole records, records that are no raw records, hostile titles.
    """

    def __init__(self, seed: int, visitors: int = 150) -> None:
        self._rng = random.Random(seed)
        self._due: list[tuple[int, int, int]] = []  # received_at, tie breaker, visitor
        self._repeats: list[tuple[int, Sent]] = []
        for visitor in range(visitors):
            heappush(self._due, (FIRST_MS + self._rng.randrange(20 * 60_000), visitor, visitor))
        self._count = 0

    def take(self, number: int) -> list[Sent]:
        """The next records, by the time ingest received them."""
        records = self._records()
        return [next(records) for _ in range(number)]

    def _records(self) -> Iterator[Sent]:
        while True:
            self._count += 1
            if self._repeats and self._repeats[0][0] <= self._count:
                yield self._repeats.pop(0)[1]
            elif self._rng.random() < 0.02:
                yield self._broken()
            else:
                yield self._next()

    def _next(self) -> Sent:
        received_at, _, visitor = heappop(self._due)
        pause = self._rng.choices(
            (self._rng.randrange(5_000, 400_000), 30 * 60_000, self._rng.randrange(31, 75) * 60_000),
            weights=(80, 5, 15),
        )[0]
        heappush(self._due, (received_at + pause, self._count, visitor))
        events = [self._event(received_at - 900 + 300 * i) for i in range(self._rng.randrange(1, 4))]
        if self._rng.random() < 0.05:  # from a queue on the phone: may lie between two sessions
            events[0]["ts"] = received_at - self._rng.randrange(15, 58) * 60_000
        sent = _sent(received_at, f"v{visitor:03d}", events)
        if self._rng.random() < 0.04:
            self._repeats.append((self._count + self._rng.randrange(2, 40), sent))
            self._repeats.sort(key=lambda repeat: repeat[0])
        return sent

    def _event(self, ts: int) -> dict[str, object]:
        page = self._rng.randrange(400)
        title = f"Product {page}" + (PROTOCOL_LINES if self._rng.random() < 0.1 else "")
        return {
            "event_id": str(UUID(int=self._rng.getrandbits(128), version=4)),
            "event": self._rng.choice(("page_view", "view_item", "add_to_cart", "purchase")),
            "ts": ts,
            "page": {"url": f"https://www.loja.example/p/{page}", "title": title},
        }

    def _broken(self) -> Sent:
        number = f"{self._count:06d}"
        data = self._rng.choice(
            (b"not json " + number.encode(), b'{"v":1,"site":"nowhere","n":"' + number.encode() + b'"}')
        )
        return Sent(f"{SITE}/broken-{number}", data, ())


def _sent(received_at: int, visitor: str, events: list[dict[str, object]]) -> Sent:
    record = raw_record(
        *events,
        site=SITE,
        visitor_id=visitor,
        received_at=received_at,
        sent_at=received_at,
        ip="203.0.113.9",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        headers={"accept_language": "pt-BR"},
    )
    ids = tuple(str(event["event_id"]) for event in events)
    return Sent(f"{SITE}/{visitor}", json.dumps(record).encode(), ids)
