"""Time stamps of the enriched table, as ISO 8601."""

from datetime import UTC, datetime
from functools import lru_cache

from schemas.times import EpochMs


def iso(at: EpochMs) -> str:
    """Epoch milliseconds as ISO 8601: 1795296000123 → 2026-11-21T21:20:00.123Z."""
    minute, ms = divmod(at, 60_000)
    return _to_the_minute(minute) + _SECONDS[ms]


_SECONDS = [f"{ms // 1000:02d}.{ms % 1000:03d}Z" for ms in range(60_000)]
"""Seconds and milliseconds of a minute as text: 4 MB, which save 3 µs an event over `strftime`."""


@lru_cache(maxsize=16384)
def _to_the_minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
