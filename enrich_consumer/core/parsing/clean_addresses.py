"""Cleaned addresses of pages, cached: the page of one event is mostly the referrer of the next."""

from typing import NamedTuple

from enrich_consumer.core.engine.bounded_cache import BoundedCache
from enrich_consumer.core.parsing import urls
from enrich_consumer.core.parsing.urls import NO_ADDRESS, Address

LONGEST_CACHED = 512
"""Characters; longer addresses are taken apart each time."""
MAX_BYTES = 16_000_000
"""By the curve of `python -m benchmarks caches`."""
_ENTRY_BYTES = 700
"""Of an entry beside its texts: the objects they are in."""


class CleanAddress(NamedTuple):
    """An address as it may be kept: as one text, and in parts. With NO_ADDRESS the text is empty."""

    text: str
    parts: Address


def _clean(url: str) -> CleanAddress:
    parts = urls.clean(url)
    return CleanAddress("" if parts is NO_ADDRESS else urls.text_of(url, parts), parts)


def _weight(url: str, _: CleanAddress) -> int:
    return _ENTRY_BYTES + 3 * len(url) if len(url) <= LONGEST_CACHED else 0


_cache: BoundedCache[str, CleanAddress] = BoundedCache(MAX_BYTES, _weight)
info = _cache.info
clear = _cache.clear


def find(url: str) -> CleanAddress:
    """The cleaned address of a page or a referrer."""
    return _cache.get_or_compute(url, _clean)
