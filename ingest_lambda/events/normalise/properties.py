"""`properties`: anything, within what the stream and the lake can hold."""

from typing import Any

import orjson

from ingest_lambda.errors import EventRejected
from ingest_lambda.events.normalise.repairs import ABSENT, TO_TEXT, Repairs
from ingest_lambda.events.normalise.values import number_text
from ingest_lambda.http.lenient_json import INT64, WideNumber
from schemas import Reason

MAX_DEPTH = 16
"""Levels of an event, its own object being the first. What is deeper is kept as JSON text."""


def with_unknown(properties: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
    """A name that properties has already keeps its value; the other one gets underscores until it is free."""
    result = dict(properties)
    for name, value in unknown.items():
        free = name
        while free in result:
            free += "_"
        result[free] = value
    return result


def bounded(properties: dict[str, Any], repairs: Repairs) -> tuple[dict[str, Any], bool]:
    """The same properties with numbers outside 64 bits as text and what is too deep as JSON text.

    The second value: whether such a number came through a float, so that its digits are not the client's.

    Raises:
        EventRejected: it is nested deeper than JSON can be written (254).
    """
    if _fits(properties):
        return properties, False
    found, lost_digits = _Bounding(repairs).convert(properties, 2)
    assert isinstance(found, dict)
    return found, lost_digits


def _fits(properties: dict[str, Any]) -> bool:
    """Walk level by level, so that no recursion depends on the input."""
    level: list[Any] = [properties]
    depth = 2
    while level:
        if depth > MAX_DEPTH:
            return False
        below: list[Any] = []
        for container in level:
            for value in container.values() if type(container) is dict else container:
                kind = type(value)
                if kind is dict or kind is list:
                    below.append(value)
                elif ((kind is int or kind is float) and not -INT64 <= value < INT64) or kind is WideNumber:
                    return False
        level = below
        depth += 1
    return True


class _Bounding:
    """One conversion; it recurses at most MAX_DEPTH levels."""

    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._lost_digits = False

    def convert(self, value: Any, depth: int) -> tuple[Any, bool]:
        return self._value(value, depth), self._lost_digits

    def _value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is dict or kind is list:
            if depth > MAX_DEPTH:
                self._repairs.note("properties", TO_TEXT)
                return _json_text(value)
            if kind is dict:
                return {name: self._value(each, depth + 1) for name, each in value.items()}
            return [self._value(each, depth + 1) for each in value]
        if kind is WideNumber:
            self._repairs.note("properties", TO_TEXT)
            return str(value)
        if (kind is int or kind is float) and not -INT64 <= value < INT64:
            return self._wide(value)
        return value

    def _wide(self, value: float) -> str | None:
        self._lost_digits |= type(value) is float
        text = str(value) if type(value) is int else number_text(value)
        self._repairs.note("properties", ABSENT if text is None else TO_TEXT)
        return text


def _json_text(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        raise EventRejected(Reason.EVENT_TOO_DEEP, "an event may be nested 254 deep") from None
