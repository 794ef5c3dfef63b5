"""The ports of the consumer. Each has a double in memory and one test suite for its adapters."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from enrich_consumer.core.emit import Packed


class ObjectStore(Protocol):
    """Named byte strings that are written once (S3, a folder, memory)."""

    def names(self, prefix: str) -> list[str]:
        """All names that start with `prefix`, sorted."""

    def read(self, name: str) -> bytes | None:
        """The bytes, or None where there are none."""

    def create(self, name: str, data: bytes) -> bool:
        """Write if and only if the name is free; False when it was taken. Atomic among all writers."""

    def delete(self, names: Sequence[str]) -> None:
        """Remove; names that do not exist are fine."""


class Sink(Protocol):
    """The enriched stream."""

    def put(self, waves: Sequence[Sequence[Packed]]) -> None:
        """Return only when every record was accepted, each wave after the one before.

        Raises:
            PutRefusedError: after the retries; any part of the waves may have been accepted.
        """


class Delivery(Protocol):
    """The way to a table that is written row by row: `rejected`, `session_ends`, `cart_events`."""

    def put(self, rows: Sequence[bytes]) -> None:
        """Return only when every row (one JSON line) was accepted. Raises PutRefusedError."""


class Checkpointer(Protocol):
    """KCL's own progress mark; a hint for us, the session log is the commit point."""

    def checkpoint(self, sequence: int | None) -> None:
        """Mark everything up to `sequence` as done; None marks the end of the shard.

        Raises:
            LeaseLostError: the shard belongs to another worker now.
            CheckpointRefusedError: not this time (throttling).
        """


class Lineage(NamedTuple):
    """The relations of a shard in its stream. Hash keys: both ends included. `siblings`: all children, itself
    included, of each parent."""

    first_key: int
    last_key: int
    parents: tuple[str, ...] = ()
    siblings: tuple[tuple[str, ...], ...] = ()


class Shards(Protocol):
    """The stream's shards."""

    def lineage(self, shard: str) -> Lineage:
        """The lineage of an existing shard, without parents that the stream has forgotten."""


class PutRefusedError(Exception):
    """A stream or delivery did not take everything within the retries."""


class LeaseLostError(Exception):
    """Another worker owns the shard: stop writing, wait for lease_lost."""


class CheckpointRefusedError(Exception):
    """The checkpoint was not taken this time."""
