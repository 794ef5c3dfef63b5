"""JSON with the numbers that the fast parser refuses or rounds: 1e400, 2^64, and Python's NaN and Infinity."""

import json
from typing import Any

INT64 = 2**63  # numbers from here on overflow BIGINT in the lake, or came through a float and lost digits


class WideNumber(str):
    """A number outside 64 bits, as the client wrote it."""

    __slots__ = ()


def exact_json(text: bytes) -> Any:
    """Parse JSON. A number outside 64 bits stays text (WideNumber), NaN and Infinity are float.

    Raises:
        ValueError: it is no JSON, or nested too deep.
    """
    try:
        return json.loads(text.decode(), parse_int=_whole, parse_float=_fraction, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _whole(text: str) -> int | WideNumber:
    if len(text) > 20:
        return WideNumber(text)
    value = int(text)
    return value if -INT64 <= value < INT64 else WideNumber(text)


def _fraction(text: str) -> float | WideNumber:
    value = float(text)
    return value if -INT64 <= value < INT64 else WideNumber(text)


def _no_number(text: str) -> float:
    return float("nan")
