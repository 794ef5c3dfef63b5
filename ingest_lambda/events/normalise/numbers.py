"""Money, quantities and pixels."""

import re
from math import isnan
from typing import Any

from ingest_lambda.events.normalise.repairs import (
    OUT_OF_RANGE,
    ROUNDED,
    TO_NUMBER,
    Repairs,
)
from ingest_lambda.events.normalise.values import nothing, number_text
from ingest_lambda.http.lenient_json import INT64

MAX_PIXELS = 100_000

PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
# 1.234 is one and a bit to a program and a thousand to a Brazilian: nobody can know, so it is not guessed.
UNCLEAR = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})  # ISO 4217, minor unit 3
PIXELS = re.compile(r"\s*(\d{1,6}(?:\.\d*)?)\s*(?:px)?\s*", re.ASCII | re.IGNORECASE)

SIZE = re.compile(r"\s*(\d{1,6})\s*[xX\u00d7]\s*(\d{1,6})\s*", re.ASCII)


def number(value: Any, field: str, repairs: Repairs) -> float | None:
    """A number within 64 bits, also one written as text (a decimal point, no separators of thousands)."""
    kind = type(value)
    if (kind is int or kind is float) and -INT64 <= value < INT64:
        return value  # type: ignore[no-any-return] # the kinds above are numbers
    return _read(value, field, repairs, money=False)


def money(value: Any, field: str, repairs: Repairs) -> float | None:
    """An amount. Texts with separators, a currency or three decimals are not guessed: null, the original kept."""
    kind = type(value)
    if (kind is int or kind is float) and -INT64 <= value < INT64:
        return value  # type: ignore[no-any-return] # the kinds above are numbers
    return _read(value, field, repairs, money=True)


def _read(value: Any, field: str, repairs: Repairs, *, money: bool) -> float | None:
    found = value
    if type(found) is list and len(found) == 1:
        found = found[0]
    if isinstance(found, str):
        found = _from_text(found, unclear=money and not repairs.three_decimals)
    kind = type(found)
    if (kind is not int and kind is not float) or isnan(found):
        nothing(value, field, repairs)
        return None
    if not -INT64 <= found < INT64:
        repairs.lost_digits |= type(value) is float
        repairs.lose(field, OUT_OF_RANGE, number_text(value) if type(value) is float else str(value))
        return None
    repairs.note(field, TO_NUMBER)
    return found  # type: ignore[no-any-return] # the kinds above are numbers


def _from_text(text: str, *, unclear: bool) -> float | None:
    """The number that a text is; `unclear`: whether a point before three digits may separate thousands."""
    given = text.strip()
    if len(given) > 400 or not PLAIN.fullmatch(given) or (unclear and UNCLEAR.fullmatch(given)):
        return None
    return int(given) if WHOLE.fullmatch(given) else float(given)


def pixels(value: Any, field: str, repairs: Repairs) -> int | None:
    """A length in whole pixels; a negative or absurd one is null."""
    if type(value) is int and 0 <= value <= MAX_PIXELS:
        return value
    found = value
    if type(value) is str and (text := PIXELS.fullmatch(value)):
        found = float(text[1])
        repairs.note(field, TO_NUMBER)
    if type(found) is not int and type(found) is not float:
        nothing(value, field, repairs)
        return None
    if isnan(found) or not 0 <= found <= MAX_PIXELS:
        repairs.lose(field, OUT_OF_RANGE, value)
        return None
    if type(value) is float and not value.is_integer():
        repairs.note(field, ROUNDED)
    return round(found)


def screen_size(value: Any) -> dict[str, Any] | None:
    """`1920x1080` as a screen; None for anything else."""
    found = SIZE.fullmatch(value) if type(value) is str else None
    return {"width": int(found[1]), "height": int(found[2])} if found else None
