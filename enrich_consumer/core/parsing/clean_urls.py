"""Cleaned URLs of pages, cached: the page of one event is mostly the referrer of the next."""

from typing import NamedTuple

from enrich_consumer.core.engine.bounded_cache import BoundedCache
from enrich_consumer.core.parsing import urls
from enrich_consumer.core.parsing.urls import NO_URL, UrlParts

LONGEST_CACHED = 512
"""Characters; longer URLs are parsed each time."""
MAX_BYTES = 24_000_000
"""Chosen by the curve of `python -m benchmarks caches`."""
_ENTRY_BYTES = 700
"""Bytes of an entry besides its texts: the objects that hold them."""


class CleanUrl(NamedTuple):
    """A cleaned URL: as one text, and in parts. With NO_URL the text is empty."""

    text: str
    parts: UrlParts


def _clean(url: str) -> CleanUrl:
    parts = urls.clean(url)
    return CleanUrl("" if parts is NO_URL else urls.text_of(url, parts), parts)


def _weight(url: str, _: CleanUrl) -> int:
    return _ENTRY_BYTES + 3 * len(url) if len(url) <= LONGEST_CACHED else 0


_cache: BoundedCache[str, CleanUrl] = BoundedCache(MAX_BYTES, _weight)
info = _cache.info
clear = _cache.clear


def find(url: str) -> CleanUrl:
    """The cleaned URL of a page or a referrer."""
    return _cache.get_or_compute(url, _clean)
