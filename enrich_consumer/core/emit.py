"""Rows → lines of the enriched stream → packed Kinesis records."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import orjson

from enrich_consumer.core.record import Row

MAX_EVENTS = 500
"""Firehose takes at most 500 JSON objects of one Kinesis record."""
MAX_BYTES = 900_000
"""Below the 1 MiB that a stream takes by default, with room for the keys."""


class Packed(NamedTuple):
    """One record of the enriched stream: events of one bucket, newline-delimited. `bucket`: 0 to 255."""

    bucket: int
    data: bytes
    events: int

    @property
    def partition_key(self) -> str:
        """Names the bucket for whoever reads the stream; the explicit hash key decides on the shard."""
        return f"{self.bucket:02x}"

    @property
    def explicit_hash_key(self) -> str:
        """The first hash key of the bucket: the top 8 bits of the visitors' own keys."""
        return str(self.bucket << 120)


def line(row: Row, rest: bytes = b"") -> bytes:
    """One enriched event as a JSON line. Its times are ISO 8601 by now."""
    return orjson.dumps(row)[:-1] + rest if rest else orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def whole(row: Row, rest: bytes) -> Row:
    """All columns of an enriched event."""
    return {**row, **orjson.loads(b"{" + rest[1:])} if rest else row


def iso(at: int) -> str:
    """Epoch milliseconds as ISO 8601: 1795296000123 → 2026-11-21T21:20:00.123Z."""
    minute, ms = divmod(at, 60_000)
    return _to_the_minute(minute) + _REST[ms]


_REST = [f"{ms // 1000:02d}.{ms % 1000:03d}Z" for ms in range(60_000)]
"""Seconds and milliseconds of a minute as text: 4 MB, for three time stamps an event."""


@lru_cache(maxsize=16384)
def _to_the_minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def pack(lines: Mapping[int, Iterable[bytes]]) -> list[list[Packed]]:
    """Lines by bucket, in order → waves of records.

    A wave holds at most one record of a bucket and is put after the wave before it was accepted, so that a
    visitor's events keep their order through partial failures.
    """
    waves: list[list[Packed]] = []
    for bucket in sorted(lines):
        for number, packed in enumerate(_records(bucket, lines[bucket])):
            if number == len(waves):
                waves.append([])
            waves[number].append(packed)
    return waves


def _records(bucket: int, lines: Iterable[bytes]) -> Iterable[Packed]:
    chunk: list[bytes] = []
    size = 0
    for item in lines:
        if chunk and (len(chunk) == MAX_EVENTS or size + len(item) > MAX_BYTES):
            yield Packed(bucket, b"".join(chunk), len(chunk))
            chunk, size = [], 0
        chunk.append(item)
        size += len(item)
    if chunk:
        yield Packed(bucket, b"".join(chunk), len(chunk))
