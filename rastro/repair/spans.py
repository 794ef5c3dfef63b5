"""Spans of time, and the objects of the bucket that hold them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from lake import layout
from rastro.terminal.errors import Problem

_HOUR_MS = 3_600_000


class Span(NamedTuple):
    """Epoch ms; `until` is not included."""

    since: int
    until: int

    def __contains__(self, at: object) -> bool:
        return isinstance(at, int) and self.since <= at < self.until


def span(since: str, until: str) -> Span:
    """Two times as people write them, UTC unless they say otherwise.

    Raises:
        Problem: one is no time, or the second is not later.
    """
    found = Span(ms(since), ms(until))
    if found.until <= found.since:
        raise Problem("--until must be later than --since", "empty_span")
    return found


def ms(text: str) -> int:
    """A time as epoch ms.

    Raises:
        Problem: it is none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(f"{text!r} is no time; write it as 2026-11-21T10:00", "no_time") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


class ListedObject(NamedTuple):
    """An object: its key and its size in bytes."""

    key: str
    size: int


def listed(s3: Any, bucket: str, prefix: str) -> list[ListedObject]:
    """Objects under a prefix that are not empty, by key."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(
        ListedObject(entry["Key"], entry["Size"])
        for page in pages
        for entry in page.get("Contents", ())
        if entry["Size"]
    )


def of_hours(s3: Any, bucket: str, prefix: str, when: Span) -> Iterator[ListedObject]:
    """Objects of the hours in question, one before and one after: Firehose names them by its own clock."""
    for hour in range(when.since // _HOUR_MS - 1, when.until // _HOUR_MS + 2):
        at = datetime.fromtimestamp(hour * 3600, UTC)
        yield from listed(s3, bucket, f"{prefix}{layout.DAY}={at:%Y-%m-%d}/{layout.HOUR}={at:%H}/")


def of_days(s3: Any, bucket: str, prefix: str, when: Span) -> Iterator[ListedObject]:
    """The same where objects are named by their day alone."""
    day = 24 * _HOUR_MS
    for number in range((when.since - _HOUR_MS) // day, (when.until + _HOUR_MS) // day + 1):
        at = datetime.fromtimestamp(number * 86_400, UTC)
        yield from listed(s3, bucket, f"{prefix}{layout.DAY}={at:%Y-%m-%d}/")
