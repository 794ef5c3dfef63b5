"""Enriches raw records of long ago with the consumer's own core and a state of their own.

The rows have a `raw_sequence` larger than any that a stream gives (a Kinesis sequence number begins with 49), so that a
row of the stream counts before a backfilled copy of it; of two backfills the later counts.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Self

from enrich_consumer.core.decimals import Write
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from schemas import Sites

MOST_GENERATIONS = 9_999
_HASH_DIGITS = 38
PACK_EVERY = 50_000


class NoRecordError(ValueError):
    """A line is no raw record."""


def records_of(data: bytes, *, only_good: bool = False) -> Iterator[dict[str, Any]]:
    """Raw records, one JSON object a line, maybe gzip. `only_good`: lines that are none are passed over.

    Raises:
        NoRecordError: a line is none.
    """
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        record = record_of(line)
        if record is None:
            if only_good:
                continue
            raise NoRecordError(f"line {number} is no raw record: {line[:80]!r}")
        yield record


def record_of(line: bytes) -> dict[str, Any] | None:
    """A line as a raw record; None where it is none, whatever it is."""
    try:
        record = json.loads(line)
        if not isinstance(record, dict) or not isinstance(record.get("events"), list):
            return None
        str(record["site"]), str(record["visitor_id"]), int(record["received_at"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    return record


def by_own_times(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An imported record as if each of its events had arrived when it happened: one record for each event.

    What an import says happened years ago would count as a wrong clock otherwise (docs/sessions.md).
    """
    for event in record["events"]:
        at = event.get("ts")
        if at is None:
            yield record | {"events": [event]}
        else:
            yield record | {"events": [event], "received_at": int(at), "sent_at": None}


def sequence(record: dict[str, Any], data: bytes, generation: int) -> int:
    """The number that replaces a stream's: 56 digits, by backfill, time and content, the same at each repetition."""
    digest = int.from_bytes(blake2b(data, digest_size=16).digest(), "big") % 10**_HASH_DIGITS
    return int(
        f"9{MOST_GENERATIONS - generation:04d}{int(record['received_at']):013d}{digest:0{_HASH_DIGITS}d}"
    )


class Parts:
    """Records in files of their own by visitor, so that a part fits into memory and holds whole visitors."""

    def __init__(self, folder: Path, number: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.paths = [folder / f"part-{at:03d}.jsonl" for at in range(number)]
        self._files: list[BinaryIO] = [path.open("wb") for path in self.paths]

    def add(self, record: dict[str, Any]) -> None:
        """Take a record in."""
        key = visitor_key(f"{record['site']}/{record['visitor_id']}")
        at = int.from_bytes(key[:2], "big") * len(self._files) >> 16
        self._files[at].write(json.dumps(record, separators=(",", ":")).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Everything is in the files."""
        for file in self._files:
            file.close()


def enrich_part(
    lines: Iterable[bytes],
    generation: int,
    sites: Sites,
    enrich: Enrich,
    decimals: Write,
    enriched: BinaryIO,
    refused: BinaryIO,
) -> Counter[str]:
    """All records of some visitors, in any order → rows as lines, in order of time. Copies of a record are one."""
    found = {}
    for line in lines:
        data = line.strip()
        record = json.loads(data)
        found[sequence(record, data, generation)] = data
    state = ShardState()
    counts: Counter[str] = Counter()
    for number, at in enumerate(sorted(found), start=1):
        outcome = process(Incoming(at, found[at]), sites, enrich, state, decimals)
        enriched.writelines(outcome.lines)
        refused.writelines(outcome.rejected)
        counts.update(outcome.counts)
        if number % PACK_EVERY == 0:
            state.mark_saved(state.dirty_visitors())
    return counts
