"""What the console's reading costs in a deployed environment, at list prices. Pure but for the listing."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from lake import layout

GIB = 1 << 30
TB = 10**12
SMALLEST = 10_000_000
"""Bytes that Athena charges for at least."""
MOST_DAYS = 400


def hourly(prices: Mapping[str, Any], *, bytes_an_hour: float, on_demand: bool, lists_an_hour: int) -> float:
    """Dollars an hour of following the streams: GetRecords is free, but on demand each gigabyte read costs."""
    streams = bytes_an_hour / GIB * float(prices["kinesis_on_demand_gb_out"]) if on_demand else 0.0
    return streams + lists_an_hour / 1000 * float(prices["s3_thousand_puts"])


def queries(prices: Mapping[str, Any], size: int, count: int, limit_gib: int) -> float:
    """Dollars at most of `count` questions over `size` bytes of files, the workgroup's limit for each."""
    each = min(max(size, SMALLEST), limit_gib * GIB)
    return count * each / TB * float(prices["athena_tb"])


class Sizes:
    """Bytes of the enriched files by day of arrival; a day that is over is listed once."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._size_of_day: dict[date, int] = {}

    def between(self, first: date, last: date, today: date) -> int:
        """Of both days and all between."""
        days = min((last - first).days, MOST_DAYS)
        return sum(self._of(last - timedelta(days=number), today) for number in range(days + 1))

    def _of(self, day: date, today: date) -> int:
        if day in self._size_of_day:
            return self._size_of_day[day]
        prefix = f"{layout.ENRICHED}{layout.DAY}={day}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        size = sum(int(entry["Size"]) for page in pages for entry in page.get("Contents", ()))
        if day < today:
            self._size_of_day[day] = size
        return size
