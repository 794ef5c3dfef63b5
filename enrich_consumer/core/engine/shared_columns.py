"""Columns that many events share: computed once, written as JSON once, cached for the next event."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

import orjson

from enrich_consumer.core.engine.enrichment import CacheInfo
from enrich_consumer.core.record import Row

LONGEST = 512
"""Characters of a text that is remembered: memory is bounded by entries times this. Longer ones are worked out
each time."""

T = TypeVar("T")
"""What the columns follow from: a Client or a Page."""


class ColumnFiller(NamedTuple, Generic[T]):
    """One enrichment's part in a layer. `lost`: the columns that go when it fails."""

    name: str
    fill: Callable[[T, Row], None]
    lost: frozenset[str]


class SharedColumns(NamedTuple):
    """`json`: the row as members of a JSON object, a comma before each. `failed`: enrichments by name."""

    row: Row
    json: bytes
    failed: tuple[str, ...]


class NotCachedError(Exception):
    """Carries a layer that is not remembered: something failed in it, or its texts are too long."""

    def __init__(self, layer: SharedColumns) -> None:
        super().__init__()
        self.layer = layer


class SharedColumnsCache(NamedTuple):
    """`of`: from the fields of a Client or Page to its layer; raises NotCachedError with a layer it does not remember.
    `info`: the counters of its memory."""

    of: Callable[..., SharedColumns]
    info: Callable[[], CacheInfo]


def shared_columns_cache(
    make: Callable[..., T], parts: Sequence[ColumnFiller[T]], size: int
) -> SharedColumnsCache:
    """What the parts together find, in their order; the latest `size` answers are remembered."""

    @lru_cache(size)
    def of(*fields: object) -> SharedColumns:
        subject = make(*fields)
        row: Row = {}
        failed = []
        for name, fill, lost in parts:
            try:
                fill(subject, row)
            except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
                drop(row, lost)
                failed.append(name)
        found = SharedColumns(row, members(row), tuple(failed))
        if failed or _long(fields):
            raise NotCachedError(found)
        return found

    return SharedColumnsCache(of, of.cache_info)


def _long(field: object) -> bool:
    if isinstance(field, tuple):
        return any(map(_long, field))
    return isinstance(field, str) and len(field) > LONGEST


def drop(row: Row, columns: frozenset[str]) -> None:
    """Take the columns out of the row."""
    for column in columns:
        row.pop(column, None)


def members(row: Row) -> bytes:
    """`,"site":"loja","geo_country":"BR"` of a row; nothing of an empty one."""
    return b"," + orjson.dumps(row)[1:-1] if row else b""
