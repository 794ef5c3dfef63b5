"""Lists the objects of the lake's bucket: cheap, and without DuckDB."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


def newest(s3: Any, bucket: str, prefix: str, most: int) -> list[dict[str, Any]]:
    """Name, size and time of the objects under a prefix that came last, the newest first."""
    found: list[dict[str, Any]] = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        found += [entry for entry in page.get("Contents", ()) if entry["Size"]]
    found.sort(key=lambda entry: entry["LastModified"], reverse=True)
    return [
        {"file": entry["Key"], "bytes": entry["Size"], "written": entry["LastModified"].astimezone(UTC)}
        for entry in found[:most]
    ]


class NewRows:
    """Asks for rows only when there is a file that was not there before."""

    def __init__(self, s3: Any, bucket: str, prefix: str | Callable[[], str], ask: Callable[[], Any]) -> None:
        """`prefix`: or what gives the one of now, where files lie by day."""
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix
        self._ask = ask
        self._keys_seen: set[str] = set()
        self._returned: set[str] = set()

    def __call__(self) -> list[tuple[str, dict[str, Any]]]:
        keys = set()
        prefix = self._prefix if isinstance(self._prefix, str) else self._prefix()
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            keys |= {entry["Key"] for entry in page.get("Contents", ()) if entry["Size"]}
        if keys <= self._keys_seen:
            return []
        rows: list[tuple[str, dict[str, Any]]] = self._ask()
        self._keys_seen |= keys
        # whoever answers may have been started anew, and then reads everything again
        fresh = [(name, row) for name, row in rows if name not in self._returned]
        self._returned |= {name for name, _ in fresh}
        return fresh


def age(moment: datetime, now: int) -> float:
    """Seconds since."""
    return round(now / 1000 - moment.timestamp(), 1)
