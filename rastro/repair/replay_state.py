"""The state of a replay: the records that wait for their turn, and the objects that are put."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

SLICE_BYTES = 32 << 20
"""Of raw records that are sorted together."""
HOLD_MS = 15 * 60_000
"""The longest that Firehose may keep records before it writes them: an object may hold some that are so much older than
the newest of the object before it."""
MARK_SECONDS = 1.0
"""Between two writes of what was put; a run that is killed puts so much again."""


class ArchivedRecord(NamedTuple):
    """One line of an object of the archive."""

    received_at: int
    key: str
    data: bytes
    record: dict[str, Any]


class WaitingRecords:
    """Records in the order in which ingest took them: objects of several shards and retries overlap in time."""

    def __init__(self) -> None:
        self._records: list[ArchivedRecord] = []
        self.size = 0

    def add(self, records: list[ArchivedRecord]) -> None:
        self._records += records
        self.size += sum(len(one.data) for one in records)

    def take(self, hold_ms: int) -> list[ArchivedRecord]:
        """All that are older than the newest by `hold_ms` or more, in order; at least half of them."""
        self._records.sort(key=lambda one: one.received_at)
        last = self._records[-1].received_at - hold_ms if self._records else 0
        ready = sum(one.received_at <= last for one in self._records)
        ready = max(ready, (len(self._records) + 1) // 2)
        taken, self._records = self._records[:ready], self._records[ready:]
        self.size = sum(len(one.data) for one in self._records)
        return taken


class ReplayMark:
    """Which objects a run has put whole: in a file, so that the same command goes on after it was stopped."""

    def __init__(self, path: Path, *, again: bool) -> None:
        self._path = path
        self._left: Counter[str] = Counter()
        self._written = 0.0
        self.done: set[str] = set()
        if path.exists() and not again:
            self.done = set(json.loads(path.read_text(encoding="utf-8")))

    def begin(self, key: str, records: int) -> None:
        """So many records of an object are to be put."""
        if records:
            self._left[key] = records
        else:
            self.done.add(key)

    def put(self, records: list[ArchivedRecord]) -> None:
        """These were."""
        self._left.subtract(one.key for one in records)
        ended = {one.key for one in records if not self._left[one.key]}
        self.done |= ended
        if ended and time.monotonic() - self._written > MARK_SECONDS:
            self.write()

    def write(self) -> None:
        """Whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".tmp")
        fresh.write_text(json.dumps(sorted(self.done)), encoding="utf-8")
        fresh.replace(self._path)
        self._written = time.monotonic()
