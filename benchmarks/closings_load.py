"""The load of `benchmarks.closings`: visits that end, carts that are left, visitors who come back in time."""

import json
import random
import time
import uuid
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any, NamedTuple

from tests.support.raw_records import raw_record

PART = 100
"""Records of one PutRecords call."""
EVENTS = 10
"""Of a record of a visit."""
RECORDS = 3
"""Of a visit."""
BETWEEN_S = 8.0
IN_TIME_S = 20.0
"""A visitor comes back so long before the deadline at most, and half a second at least."""
SILENCE_S = 600
MOST_WAY_S = 9.0
"""A record is at most so long on its way: ingest's time limit is ten seconds."""


class Raw(NamedTuple):
    key: str
    data: bytes


class Sent(NamedTuple):
    """Visitors whose visit is `over` with these records, who come `back` with one of them, whose cart is `begun`."""

    records: list[Raw]
    over: list[str]
    back: list[str]
    begun: list[str]


class Load:
    """`over`: visitors whose visit must end within the run; `left`: whose cart must be announced, `saved`: whose
    cart must not; `began`: `received_at` of a cart, epoch seconds. `begun_s`: how long ago a cart is begun.

    A visitor who came back in time, but whose record the emulator took later than ingest's time limit allows, is in
    neither: `too_late` counts them. `put_at`: when the last record of a visit and the first of a cart were in the
    stream, epoch seconds."""

    def __init__(self, seed: int, begun_s: float) -> None:
        self._rng = random.Random(seed)
        self._begun_s = begun_s
        self._due: list[tuple[float, int, str, int]] = []  # when, tie breaker, visitor, record of the visit
        self._back: list[tuple[float, int, str]] = []
        self._count = 0
        self.over: set[str] = set()
        self.left: set[str] = set()
        self.saved: set[str] = set()
        self.too_late = 0
        self.began: dict[str, float] = {}
        self.put_at: dict[str, float] = {}

    def burst(self, events: int) -> list[Raw]:
        """So many events of visitors who come once."""
        return [self._record(f"burst-{self._next()}", _now(), EVENTS) for _ in range(events // EVENTS)]

    def second(self, now: float, rate: float, carts: float, *, ends: bool) -> Sent:
        """What comes in the second that begins at `now`, epoch seconds: `rate` events of visits, `carts` new carts.
        `ends`: no new cart, they would have no time to be announced."""
        sent = Sent([], [], [], [])
        records = sent.records
        for _ in range(self._poisson(rate / EVENTS / RECORDS)):
            heappush(self._due, (now + self._rng.random(), self._next(), f"visit-{self._count}", 1))
        while self._due and self._due[0][0] <= now:
            _, _, visitor, number = heappop(self._due)
            records.append(self._record(visitor, now, EVENTS))
            if number < RECORDS:
                heappush(self._due, (now + BETWEEN_S, self._next(), visitor, number + 1))
            else:
                sent.over.append(visitor)
        while self._back and self._back[0][0] <= now:
            _, _, visitor = heappop(self._back)
            name = self._rng.choice(("page_view", "purchase"))
            records.append(self._record(visitor, now, 1, name))
            sent.back.append(visitor)
        for _ in range(0 if ends else self._poisson(carts)):
            visitor = f"cart-{self._next()}"
            sent.begun.append(visitor)
            records.append(self._cart(visitor, now))
        return sent

    def was_put(self, sent: Sent, at: float) -> None:
        """The records were taken at `at`, epoch seconds."""
        self.over.update(sent.over)
        self.put_at.update((visitor, at) for visitor in (*sent.over, *sent.begun))
        for visitor in sent.back:
            if at < self.began[visitor] + SILENCE_S + MOST_WAY_S:
                self.saved.add(visitor)
            else:
                self.too_late += 1

    def _cart(self, visitor: str, now: float) -> Raw:
        received_at = now - self._begun_s
        deadline = received_at + SILENCE_S
        self.began[visitor] = received_at
        if self._rng.random() < 0.5:
            self.left.add(visitor)
        else:
            # The load comes once a second: one more, so that "in time" holds when it is put.
            back = deadline - 1.5 - self._rng.random() * IN_TIME_S
            heappush(self._back, (back, self._next(), visitor))
        return self._record(visitor, received_at, 1, "add_to_cart")

    def _poisson(self, mean: float) -> int:
        return int(mean) + (self._rng.random() < mean % 1)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _record(self, visitor: str, received_at: float, events: int, name: str = "page_view") -> Raw:
        at = round(received_at * 1000)
        record = raw_record(
            *(self._event(at - n, name) for n in range(events)),
            visitor_id=visitor,
            received_at=at,
            sent_at=at,
            ip="203.0.113.9",
            user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            headers={"accept_language": "pt-BR"},
        )
        return Raw(f"loja/{visitor}", json.dumps(record).encode())

    def _event(self, at: int, name: str) -> dict[str, Any]:
        event: dict[str, Any] = {
            "event_id": str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            "event": name,
            "ts": at,
            "page": {"url": f"https://www.loja.example/p/{self._rng.randrange(400)}"},
        }
        if name != "page_view":
            items = [{"item_id": "SKU-1", "price": 10.5, "quantity": 2}]
            event["ecommerce"] = {"currency": "BRL", "value": 21.0, "items": items}
            if name == "purchase":
                event["ecommerce"]["transaction_id"] = event["event_id"]
        return event


def _now() -> float:
    return time.time()


def put(kinesis: Any, stream: str, records: Sequence[Raw]) -> None:
    """In order; what is refused is put again."""
    for start in range(0, len(records), PART):
        left = [{"Data": raw.data, "PartitionKey": raw.key} for raw in records[start : start + PART]]
        while left:
            answer = kinesis.put_records(StreamName=stream, Records=left)
            left = [
                entry for entry, taken in zip(left, answer["Records"], strict=True) if taken.get("ErrorCode")
            ]
