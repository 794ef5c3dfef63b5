"""Times of clients: numbers in four units, and the writings of the usual languages, as epoch milliseconds."""

import re
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any, NamedTuple

from ingest_lambda.events.normalise.repairs import (
    MICROSECONDS,
    NANOSECONDS,
    NO_ZONE,
    OUT_OF_RANGE,
    REFORMATTED,
    SECONDS,
    TO_NUMBER,
    UNREADABLE,
)

MAX_MS = 253_402_300_799_999  # the end of the year 9999
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

# The unit of a number is plain from its size, since the four ranges of plausible times are far apart:
# as seconds 1973 to 5138, as milliseconds 1973 to 5138, and so on. Below the first it stays what the contract says.
FIRST_SECONDS, FIRST_MS, FIRST_US, FIRST_NS = 10**8, 10**11, 10**14, 10**17

DIGITS = re.compile(r"\s*(?:/Date\()?(\d{1,19}(?:\.\d{0,9})?)(?:\)/)?\s*", re.ASCII)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
ZONE_NAME = re.compile(
    r"\s*(?:\[[\w/+-]{1,40}\]|\([^()]{1,60}\))$"
)  # Java's and JavaScript's, after the offset
UTC_NAME = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
OFFSET_APART = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")  # Ruby and Go put a blank before the offset
# JavaScript's Date.toString, and what e-mail and HTTP write.
WRITTEN_OUT = (
    ("%a %b %d %Y %H:%M:%S GMT%z", re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} ", re.ASCII)),
    ("%a, %d %b %Y %H:%M:%S %z", re.compile(r"[A-Z][a-z]{2}, \d", re.ASCII)),
)


class Time(NamedTuple):
    """Epoch milliseconds or None, and the code of the repair, None where the contract was met."""

    ms: int | None
    what: str | None = None


def read_time(value: Any) -> Time:
    """A time that is not null: epoch milliseconds or RFC 3339, and what is unambiguous beside them."""
    kind = type(value)
    if kind is int and FIRST_MS <= value < FIRST_US:
        return Time(value)
    if kind is int or kind is float:
        return _of_number(value)
    if kind is list and len(value) == 1:
        found = read_time(value[0])
        return found._replace(what=found.what or REFORMATTED)
    if kind is not str or len(value) > 128:
        return Time(None, UNREADABLE)
    digits = DIGITS.fullmatch(value)
    if digits:
        found = _of_number(float(digits[1]) if "." in digits[1] else int(digits[1]))
        return found._replace(what=found.what or TO_NUMBER)
    return _of_text(value)


def _of_number(value: float) -> Time:
    if isnan(value) or value < 0 or value >= 10**19:
        return Time(None, OUT_OF_RANGE)
    if value < FIRST_SECONDS:
        return Time(int(value))
    if value < FIRST_MS:
        return Time(int(value * 1000), SECONDS)
    if value < FIRST_US:
        return Time(int(value))
    if value < FIRST_NS:
        return Time(int(value) // 1000, MICROSECONDS)
    return Time(int(value) // 1_000_000, NANOSECONDS)


def _of_text(given: str) -> Time:
    plain = RFC_3339.fullmatch(given)
    text = given if plain else _iso(given)
    leap = text[17:19] == "60"  # RFC 3339 allows a leap second, datetime does not
    if leap:
        text = text[:17] + "59" + text[19:]
    try:
        at = _parse(text)
    except (ValueError, OverflowError):
        return Time(None, UNREADABLE)
    if at.tzinfo is None:
        return Time(None, NO_ZONE)
    ms = (at - EPOCH) // MILLISECOND + (1000 if leap else 0)
    if not 0 <= ms <= MAX_MS:
        return Time(None, OUT_OF_RANGE)
    return Time(ms, None if plain else REFORMATTED)


def _iso(text: str) -> str:
    """The text without the name of the zone, with UTC as Z, and with the offset beside the time."""
    text = ZONE_NAME.sub("", text.strip())
    return OFFSET_APART.sub("", text) if text[:1].isdigit() else UTC_NAME.sub(" +0000", text)


def _parse(text: str) -> datetime:
    for layout, beginning in WRITTEN_OUT:
        if beginning.match(text):
            return datetime.strptime(text, layout)  # noqa: DTZ007 - each layout has the offset
    return datetime.fromisoformat(UTC_NAME.sub("Z", text.upper()))
