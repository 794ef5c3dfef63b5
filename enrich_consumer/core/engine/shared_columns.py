"""Layers: columns that many events share, found once, written as JSON once, remembered for the next event."""

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
"""What the columns are about: a Client or a Page."""


class Part(NamedTuple, Generic[T]):
    """One enrichment's part in a layer. `lost`: the columns that go when it fails."""

    name: str
    fill: Callable[[T, Row], None]
    lost: frozenset[str]


class Layer(NamedTuple):
    """`json`: the row as members of a JSON object, a comma before each. `failed`: enrichments by name."""

    row: Row
    json: bytes
    failed: tuple[str, ...]


class NotKeptError(Exception):
    """Carries a layer that is not remembered: something failed in it, or its texts are too long."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer


class Layers(NamedTuple):
    """`of`: from the fields of a Client or Page to its layer; raises NotKeptError with a layer it does not remember.
    `info`: the counters of its memory."""

    of: Callable[..., Layer]
    info: Callable[[], CacheInfo]


def layers(make: Callable[..., T], parts: Sequence[Part[T]], size: int) -> Layers:
    """What the parts together find, in their order; the latest `size` answers are remembered."""

    @lru_cache(size)
    def of(*fields: object) -> Layer:
        about = make(*fields)
        row: Row = {}
        failed = []
        for name, fill, lost in parts:
            try:
                fill(about, row)
            except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
                drop(row, lost)
                failed.append(name)
        layer = Layer(row, members(row), tuple(failed))
        if failed or _long(fields):
            raise NotKeptError(layer)
        return layer

    return Layers(of, of.cache_info)


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
