"""Latencies in HDR histograms: microseconds, three digits, up to an hour."""

from collections.abc import Iterable
from typing import Any

from hdrh.histogram import HdrHistogram

SHARES = (50.0, 95.0, 99.0, 99.9)
_HIGHEST = 3_600_000_000


def histogram(microseconds: Iterable[int]) -> Any:
    """The histogram of these latencies; what is below 1 µs counts as 1, what is above an hour as an hour."""
    made = HdrHistogram(1, _HIGHEST, 3)
    for value in microseconds:
        made.record_value(min(max(1, value), _HIGHEST))
    return made


def figures(microseconds: Iterable[int]) -> dict[str, Any]:
    """`p50` … `p99.9`, `max` in milliseconds, `count`, and the whole histogram in HdrHistogram's own encoding."""
    made = histogram(microseconds)
    if not made.get_total_count():
        return {"count": 0}
    figures_ms: dict[str, Any] = {
        f"p{share:g}_ms": made.get_value_at_percentile(share) / 1000 for share in SHARES
    }
    figures_ms |= {"max_ms": made.get_max_value() / 1000, "count": made.get_total_count()}
    return figures_ms | {"hdr": made.encode().decode("ascii")}
