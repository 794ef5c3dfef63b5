"""Writes enriched events as lines, and packs the lines into Kinesis records."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from enrich_consumer.core.decimals import Write
from enrich_consumer.core.enriched_event import EnrichedEvent
from enrich_consumer.core.record import Reject
from schemas import Reason

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


def lines_of(events: Iterable[EnrichedEvent], decimals: Write | None = None) -> list[bytes]:
    """The events as lines of the enriched stream. `decimals` writes their amounts otherwise than as numbers.

    Raises:
        Reject: an event is larger than a record of the stream may be.
        TypeError: a value is no JSON.
    """
    lines = []
    for event in events:
        if decimals is not None:
            decimals(event.columns)
        line = event.to_line()
        if len(line) > MAX_BYTES:
            detail = f"{event.columns['event_id']}: {len(line)} bytes enriched"
            raise Reject(Reason.EVENT_TOO_LARGE, detail)
        lines.append(line)
    return lines


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
