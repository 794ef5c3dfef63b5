"""Spans of time, and the objects of the bucket that hold them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from lake import layout
from rastro.terminal.errors import Problem

_HOUR_MS = 3_600_000
_HOURS_OF_A_DAY = 24
_EPOCH_HOURS = date(1970, 1, 1).toordinal() * _HOURS_OF_A_DAY


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
    first, last = when.since // _HOUR_MS - 1, when.until // _HOUR_MS + 1
    for day in _days(s3, bucket, prefix, Span(first * _HOUR_MS, last * _HOUR_MS)):
        midnight = _midnight(day)
        hours = range(max(0, first - midnight), min(23, last - midnight) + 1)
        of_day = f"{prefix}{layout.DAY}={day}/"
        if len(hours) == _HOURS_OF_A_DAY:
            yield from listed(s3, bucket, of_day)
        else:
            for hour in hours:
                yield from listed(s3, bucket, f"{of_day}{layout.HOUR}={hour:02d}/")


def of_days(s3: Any, bucket: str, prefix: str, when: Span) -> Iterator[ListedObject]:
    """The same where objects are named by their day alone."""
    for day in _days(s3, bucket, prefix, Span(when.since - _HOUR_MS, when.until + _HOUR_MS)):
        yield from listed(s3, bucket, f"{prefix}{layout.DAY}={day}/")


def _days(s3: Any, bucket: str, prefix: str, when: Span) -> list[date]:
    """The days of a span that have objects: a span may be as long as somebody likes."""
    head = f"{prefix}{layout.DAY}="
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=head, Delimiter="/")
    names = [
        folder["Prefix"].removeprefix(head).rstrip("/")
        for page in pages
        for folder in page.get("CommonPrefixes", ())
    ]
    first, last = when.since // _HOUR_MS, when.until // _HOUR_MS
    days = sorted(date.fromisoformat(name) for name in names)
    return [day for day in days if first - _HOURS_OF_A_DAY < _midnight(day) <= last]


def _midnight(day: date) -> int:
    """Hours from 1970 to the day's begin."""
    return day.toordinal() * _HOURS_OF_A_DAY - _EPOCH_HOURS
