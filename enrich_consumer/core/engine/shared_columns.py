"""Columns that many events share: computed once, serialised once, cached for the next event."""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from enrich_consumer.core.engine.bounded_cache import BoundedCache, CacheInfo
from enrich_consumer.core.enriched_event import Fragment, fragment
from enrich_consumer.core.record import Row

MAX_TEXT = 512
"""Characters of a text in a cached key. What follows from longer texts is computed each time, so that nobody's made-up
request would evict hundreds of others."""

T = TypeVar("T", bound=tuple[object, ...])
"""What the columns follow from: an Agent, a Location, a Browser, a Page or a Referrer."""


class ColumnFiller(NamedTuple, Generic[T]):
    """One enrichment's part in the shared columns. `owned`: the columns that are dropped when it fails."""

    name: str
    fill: Callable[[T, Row], None]
    owned: frozenset[str]


class SharedColumns(NamedTuple):
    """`row` and the same serialised. `failed`: names of the enrichments that failed."""

    row: Row
    json: Fragment
    failed: tuple[str, ...]


class SharedColumnsCache(Generic[T]):
    """The shared columns of agents, or of pages … `make` builds an Agent or a Page … of its fields.

    `entry_bytes`: what an entry weighs beside its JSON and the same values as objects, which is about as much again:
    key, row, tuples, an entry of the dictionary.
    """

    def __init__(
        self,
        make: Callable[[tuple[object, ...]], T],
        fillers: Sequence[ColumnFiller[T]],
        max_bytes: int,
        entry_bytes: int,
    ) -> None:
        self._make = make
        self._fillers = tuple(fillers)
        self._entry_bytes = entry_bytes
        self._cache: BoundedCache[tuple[object, ...], SharedColumns] = BoundedCache(max_bytes, self._weigh)

    def get(self, fields: tuple[object, ...]) -> SharedColumns:
        """Returns the cached shared columns for these fields, computing them on a miss. Results with a failed
        enrichment or with over-long inputs are returned but not cached."""
        return self._cache.get_or_compute(fields, self._compute)

    def _weigh(self, fields: tuple[object, ...], found: SharedColumns) -> int:
        """Bytes of an entry, about; 0: it is not to be cached."""
        return 0 if found.failed or _is_long(fields) else self._entry_bytes + 2 * len(found.json)

    def info(self) -> CacheInfo:
        """The counters of the cache."""
        return self._cache.info()

    def _compute(self, fields: tuple[object, ...]) -> SharedColumns:
        subject = self._make(fields)
        row: Row = {}
        failed = []
        for name, fill, owned in self._fillers:
            try:
                fill(subject, row)
            except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
                drop(row, owned)
                failed.append(name)
        return SharedColumns(row, fragment(row), tuple(failed))


def drop(row: Row, columns: frozenset[str]) -> None:
    """Take the columns out of the row."""
    for column in columns:
        row.pop(column, None)


def _is_long(fields: Sequence[object]) -> bool:
    """Whether a text among the fields, or among the hints in them, is too long for a key."""
    for field in fields:
        if type(field) is str:
            if len(field) > MAX_TEXT:
                return True
        elif type(field) is tuple and _is_long(field):
            return True
    return False
