"""Layers: columns that many events share, found once, written as JSON once, remembered for the next event."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

import orjson

from enrich_consumer.core.enrich.spec import CacheInfo
from enrich_consumer.core.record import Row

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


class Layers(NamedTuple, Generic[T]):
    """`remembered` keeps the latest answers, those with a failure not among them; `found` keeps none."""

    remembered: Callable[[T], Layer]
    found: Callable[[T], Layer]
    info: Callable[[], CacheInfo]


def layers(parts: Sequence[Part[T]], size: int) -> Layers[T]:
    """What the parts together find, in their order."""

    def found(about: T) -> Layer:
        row: Row = {}
        failed = []
        for name, fill, lost in parts:
            try:
                fill(about, row)
            except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
                drop(row, lost)
                failed.append(name)
        return Layer(row, members(row), tuple(failed))

    @lru_cache(size)
    def good(about: T) -> Layer:
        layer = found(about)
        if layer.failed:
            raise _FailedError(layer)
        return layer

    def remembered(about: T) -> Layer:
        try:
            return good(about)
        except _FailedError as error:
            return error.layer

    return Layers(remembered, found, good.cache_info)


class _FailedError(Exception):
    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer


def drop(row: Row, columns: frozenset[str]) -> None:
    """Take the columns out of the row."""
    for column in columns:
        row.pop(column, None)


def members(row: Row) -> bytes:
    """`,"site":"loja","geo_country":"BR"` of a row; nothing of an empty one."""
    return b"," + orjson.dumps(row)[1:-1] if row else b""
