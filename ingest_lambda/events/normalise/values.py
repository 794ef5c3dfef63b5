"""Texts, objects and lists."""

from collections.abc import Callable
from math import isfinite, isnan
from typing import Any

import orjson

from ingest_lambda.events.normalise.null_words import is_null_word
from ingest_lambda.events.normalise.repairs import (
    ABSENT,
    CUT,
    TO_LIST,
    TO_OBJECT,
    TO_TEXT,
    UNREADABLE,
    Repairs,
)

Convert = Callable[[Any, str, Repairs], Any]
"""A value that is not null, the path of its field, and where to note a change → the value to store."""

MAX_INDEX = 10_000
"""A list that was written as an object has indexes up to this."""


def text(most: int) -> Convert:
    """A converter to text of at most `most` characters."""

    def convert(value: Any, field: str, repairs: Repairs) -> str | None:
        if type(value) is str and len(value) <= most:
            return value
        found = plain_text(value)
        if found is None:
            nothing(value, field, repairs)
            return None
        if type(value) is not str:
            repairs.note(field, TO_TEXT)
        if len(found) > most:
            repairs.note(field, CUT)
        return found[:most]

    return convert


def plain_text(value: Any) -> str | None:
    """A text, a number as text, or the one value of a list; None for what has no plain text."""
    kind = type(value)
    if isinstance(value, str):  # also a number that was too wide and stayed text
        return str(value)
    if kind is int:
        return str(value)
    if kind is float:
        return number_text(value)
    if kind is list and len(value) == 1 and type(value[0]) is not list:
        return plain_text(value[0])
    return None


def number_text(value: float) -> str | None:
    """A number as people write it: 1001.0 and 1e3 are 1001 and 1000; None for what is no number."""
    if not isfinite(value):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 2**63 else repr(value)


def nothing(value: Any, field: str, repairs: Repairs) -> None:
    """Note why a value becomes null. The original is kept unless it only means "absent"."""
    if is_absent(value):
        repairs.note(field, ABSENT)
    else:
        repairs.lose(field, UNREADABLE, value)


def is_absent(value: Any) -> bool:
    """Whether a value means that there is none: PHP's empty list and false, empty texts, NaN, null-like words."""
    kind = type(value)
    if kind is str:
        return is_null_word(value)
    if kind is float:
        return isnan(value)
    return value is None or value is False or (kind in {list, dict} and not value)


def parsed(value: Any) -> Any:
    """A text that holds a JSON object or array, as forms and tag managers send them, as that; else the value."""
    if type(value) is str and value.lstrip()[:1] in {"{", "["}:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def an_object(value: Any, field: str, repairs: Repairs) -> dict[str, Any] | None:
    """An object; None where there is none to be found."""
    if type(value) is dict:
        return value
    found = parsed(value)
    if type(found) is list and len(found) == 1:
        found = found[0]
    if type(found) is dict:
        repairs.note(field, TO_OBJECT)
        return found
    nothing(value, field, repairs)
    return None


def listed(value: Any) -> list[Any] | None:
    """A list, also one with gaps that PHP wrote as an object `{"0": …, "2": …}`; None for what is no list."""
    found = parsed(value)
    if type(found) is list:
        return found
    if type(found) is dict and found and all(_is_index(name) for name in found):
        return [found[name] for name in sorted(found, key=int)]
    return None


def a_list(value: Any, field: str, repairs: Repairs) -> list[Any] | None:
    """A list; None where there is none to be found."""
    if type(value) is list:
        return value
    found = listed(value)
    if found is None:
        nothing(value, field, repairs)
        return None
    repairs.note(field, TO_LIST)
    return found


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 6 and int(name) <= MAX_INDEX
