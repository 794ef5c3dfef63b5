"""Everything seen of the newest events, on disk: a private temporary database of SQLite, gone when the console ends.

In memory 50,000 events with all their columns would take 200 MB. Two generations of tables: when the younger one is
full, the older one is emptied and becomes the younger, so that forgetting costs nothing for each event.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any, NamedTuple


class Kind(IntEnum):
    """Where an event was seen."""

    RAW = 0
    ENRICHED = 1
    REJECTED = 2
    ANSWER = 3


class Brief(NamedTuple):
    """A record without its document. `at`: epoch milliseconds. `sequence`: Kinesis's, or the name of the object."""

    kind: Kind
    shard: str
    sequence: str
    at: int


class Record(NamedTuple):
    """What was seen of an event once. `document`: JSON."""

    brief: Brief
    document: bytes


_TABLES = """
CREATE TABLE seen_{g} (number INTEGER PRIMARY KEY, event_id TEXT, kind INTEGER, shard TEXT, sequence TEXT, at INTEGER,
 document BLOB);
CREATE INDEX seen_{g}_event ON seen_{g} (event_id, kind, sequence, shard, at);
CREATE TABLE keys_{g} (key TEXT, event_id TEXT, number INTEGER, PRIMARY KEY (key, event_id)) WITHOUT ROWID;
"""


class Records:
    """Not thread-safe: the owner holds a lock. At least the newest `most` records are kept, at most twice as many."""

    def __init__(self, most: int) -> None:
        self._most = most
        # An empty name is a temporary file that SQLite alone knows; what fits its cache stays in memory.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        for generation in "ab":
            self._database.executescript(_TABLES.format(g=generation))
        self._young, self._old = "a", "b"
        self._in_young = 0
        self.number = 0
        """The number of the newest record, from 1."""

    def add(self, event_id: str, brief: Brief, document: bytes, keys: Iterable[str]) -> None:
        """Keep a record under its event's id and under other keys."""
        if self._in_young >= self._most:
            self._forget()
        self.number += 1
        self._in_young += 1
        self._database.execute(
            f"INSERT INTO seen_{self._young} VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a or b
            (self.number, event_id, int(brief.kind), brief.shard, brief.sequence, brief.at, document),
        )
        self._database.executemany(
            f"INSERT OR IGNORE INTO keys_{self._young} VALUES (?, ?, ?)",  # noqa: S608 - a or b
            [(key, event_id, self.number) for key in keys],
        )

    def briefs(self, event_id: str) -> list[Brief]:
        """The records of an event without their documents, the oldest first."""
        rows = self._of("kind, shard, sequence, at", event_id)
        return [Brief(Kind(kind), shard, sequence, at) for kind, shard, sequence, at in rows]

    def of(self, event_id: str) -> list[Record]:
        """The records of an event, the oldest first."""
        rows = self._of("kind, shard, sequence, at, document", event_id)
        return [Record(Brief(Kind(kind), *brief), document) for kind, *brief, document in rows]

    def named(self, key: str, most: int) -> list[str]:
        """The newest event ids under a key, in the order in which they were seen."""
        found: dict[str, None] = {}
        for generation in (self._young, self._old):
            rows = self._database.execute(
                f"SELECT event_id FROM keys_{generation} WHERE key = ? ORDER BY number DESC LIMIT ?",  # noqa: S608 - a or b
                (key, most),
            )
            found.update(dict.fromkeys(row[0] for row in rows))
        return list(found)[:most][::-1]

    def since(self, number: int, most: int) -> list[str]:
        """The ids of the events of the newest `most` records after `number`, the newest first, each once."""
        rows = self._database.execute(
            f"SELECT event_id FROM seen_{self._young} WHERE number > ? ORDER BY number DESC LIMIT ?",  # noqa: S608 - a or b
            (number, most),
        )
        return list(dict.fromkeys(row[0] for row in rows))

    def event_ids(self) -> Iterator[str]:
        """Of all that is remembered."""
        return iter(
            [
                row[0]
                for row in self._database.execute(
                    "SELECT event_id FROM seen_a UNION SELECT event_id FROM seen_b"
                )
            ]
        )

    def close(self) -> None:
        self._database.close()

    def _of(self, columns: str, event_id: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._database.execute(
            f"SELECT {columns} FROM seen_{self._old} WHERE event_id = ?1"  # noqa: S608 - our own names
            f" UNION ALL SELECT {columns} FROM seen_{self._young} WHERE event_id = ?1",
            (event_id,),
        ).fetchall()
        return found

    def _forget(self) -> None:
        self._young, self._old = self._old, self._young
        self._database.execute(f"DELETE FROM seen_{self._young}")  # noqa: S608 - a or b
        self._database.execute(f"DELETE FROM keys_{self._young}")  # noqa: S608 - a or b
        self._in_young = 0
