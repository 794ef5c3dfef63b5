"""A cache of bounded size that leaves it to the caller which answers it keeps."""

from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class CacheInfo(NamedTuple):
    """Counters, named as `functools.lru_cache` names its own."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class BoundedCache(Generic[K, V]):
    """Answers by key, at most `size` of them.

    Two generations: an answer that is used moves to the young one; when that is half of the size, the old one is
    dropped whole and the young one becomes old. So what was used recently stays, as in an LRU cache, and a hit is one
    look-up. Not thread-safe.
    """

    def __init__(self, size: int) -> None:
        self._half = max(1, size // 2)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._hits = 0
        self._misses = 0

    def get_or_compute(self, key: K, compute: Callable[[K], V], keep_if: Callable[[K, V], bool]) -> V:
        """The answer for `key`: the one that is kept, else `compute(key)`, kept if `keep_if(key, answer)`.

        Raises:
            Exception: whatever `compute` raises; then nothing is kept.
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
            if not keep_if(key, found):
                return found
        self._young[key] = found
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}
        return found

    def info(self) -> CacheInfo:
        """Its counters since the start."""
        return CacheInfo(self._hits, self._misses, 2 * self._half, len(self._young) + len(self._old))
