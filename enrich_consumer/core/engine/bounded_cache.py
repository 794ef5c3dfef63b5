"""A cache bounded in bytes; its owner says what an answer weighs."""

from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class CacheInfo(NamedTuple):
    """Counters, named as `functools.lru_cache` names its own. `maxsize` is None: the bound is `max_bytes`."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int
    max_bytes: int = 0
    bytes: int = 0


class BoundedCache(Generic[K, V]):
    """Answers by key, together at most `max_bytes` by `weigh(key, answer)`, which is 0 for one that is not cached.

    Two generations: an answer that is used moves to the young one; when that has half of the bytes, the old one is
    dropped whole and the young one becomes old. So what was used recently stays, as in an LRU cache, and a hit is one
    look-up. Not thread-safe.
    """

    def __init__(self, max_bytes: int, weigh: Callable[[K, V], int]) -> None:
        self._max_bytes = max_bytes
        self._half = max_bytes // 2
        self._weigh = weigh
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._young_bytes = 0
        self._old_bytes = 0
        self._hits = 0
        self._misses = 0

    def get_or_compute(self, key: K, compute: Callable[[K], V]) -> V:
        """The answer for `key`: the cached one, else `compute(key)`, cached if it weighs something.

        Raises:
            Exception: whatever `compute` raises; then nothing is cached.
        """
        found = self._young.get(key)
        if found is not None:
            self._hits += 1
            return found
        found = self._old.get(key)
        if found is not None:
            self._hits += 1
        else:
            self._misses += 1
            found = compute(key)
        weight = self._weigh(key, found)
        if not 0 < weight <= self._half:
            return found
        if self._young_bytes + weight > self._half:
            self._old, self._old_bytes = self._young, self._young_bytes
            self._young, self._young_bytes = {}, 0
        self._young[key] = found
        self._young_bytes += weight
        return found

    def clear(self) -> None:
        """Empty the cache."""
        self._young, self._old = {}, {}
        self._young_bytes = self._old_bytes = 0

    def info(self) -> CacheInfo:
        """Its counters since the start. An answer that is in both generations counts twice in the bytes."""
        size = len(self._young.keys() | self._old.keys())
        return CacheInfo(
            self._hits, self._misses, None, size, self._max_bytes, self._young_bytes + self._old_bytes
        )
