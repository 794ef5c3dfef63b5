"""Arrival times on the raw stream: the newest tick, and how long a record has waited for the consumer. Pure.

All times are epoch milliseconds.
"""

from collections import deque
from collections.abc import Mapping

EVERY_MS = 1000
"""One record a second and shard is noted."""
MOST_NOTES = 3600
"""Notes of one shard; an older unread record counts as old as the oldest note."""


class Arrivals:
    """Notes the sequence number and time of raw records; not thread-safe."""

    def __init__(self) -> None:
        self.newest_tick: int | None = None
        self._notes: dict[str, deque[tuple[int, int]]] = {}
        self._newest: dict[str, tuple[int, int]] = {}

    def take(self, shard: str, sequence: str, at: int, *, tick: bool) -> None:
        """A record; `tick`: it holds no events."""
        if tick:
            self.newest_tick = max(self.newest_tick or 0, at)
            return
        if not sequence.isdigit():
            return
        notes = self._notes.setdefault(shard, deque(maxlen=MOST_NOTES))
        self._newest[shard] = (int(sequence), at)
        if not notes or at - notes[-1][1] >= EVERY_MS:
            notes.append(self._newest[shard])

    def waiting_ms(self, checkpoints: Mapping[str, str | None], now: int) -> int:
        """How long the oldest record has waited that lies behind no checkpoint of its shard; 0 where none waits.
        `checkpoints`: KCL's, by shard: a sequence number, or a word (LATEST, SHARD_END, ...)."""
        longest = 0
        for shard, notes in self._notes.items():
            checkpoint = str(checkpoints.get(shard) or "")
            if checkpoint == "SHARD_END":
                continue
            read = int(checkpoint) if checkpoint.isdigit() else -1
            waits = next((at for sequence, at in (*notes, self._newest[shard]) if sequence > read), now)
            longest = max(longest, now - waits)
        return longest
