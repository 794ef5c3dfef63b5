"""Timers: the visitors that are due, by second."""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from enrich_consumer.core.sessions.visitor import packed_due
from schemas.times import EpochMs


class Timers:
    """Visitors' keys by the moment they are due, epoch ms. A visitor may stand in several lists: whoever takes one out
    compares the moment with the visitor's own."""

    def __init__(self) -> None:
        self._keys: dict[int, list[bytes]] = {}
        self._moments: list[int] = []

    @classmethod
    def of(cls, visitors: Iterable[tuple[bytes, bytes]]) -> "Timers":
        """The timers of packed visitors by key."""
        made = cls()
        keys = made._keys
        for key, packed in visitors:
            due = packed_due(packed)
            found = keys.get(due)
            if found is None:
                keys[due] = [key]
            else:
                found.append(key)
        made._moments = list(keys)
        heapify(made._moments)
        return made

    @property
    def earliest(self) -> int:
        """The first moment at which somebody is due; far away when nobody is."""
        return self._moments[0] if self._moments else 2**62

    def add(self, due: int, key: bytes) -> None:
        """Look at the visitor when the watermark has passed `due`."""
        found = self._keys.get(due)
        if found is None:
            self._keys[due] = [key]
            heappush(self._moments, due)
        else:
            found.append(key)

    def passed(self, watermark: EpochMs) -> Iterator[tuple[int, bytes]]:
        """Take out whoever is due before the watermark, the earliest moment first."""
        while self._moments and self._moments[0] < watermark:
            due = heappop(self._moments)
            for key in self._keys.pop(due):
                yield due, key
