"""Reads fields of foreign documents by their kind, moves them, and keeps the rest."""

import re
from collections.abc import Mapping
from typing import Any

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A copy of the object under `name`; empty where there is none, or something else."""
    value = document.get(name)
    return dict(value) if isinstance(value, dict) else {}


def take(source: dict[str, Any], name: str) -> Any:
    """The value of `name`, taken out of `source`; None and out of it too where it is empty."""
    value = source.pop(name, None)
    return None if value in ("", [], {}) else value


def first(*values: Any) -> Any:
    """The first value that is there: neither None nor an empty text."""
    return next((value for value in values if value is not None and value != ""), None)


def text(value: Any) -> str | None:
    """A text that is not empty, or a whole number as text; None for anything else."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """A number, or a text that is plainly one; None for anything else, true and false too."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None


def present(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def moved(source: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Fields taken out of `source` under our names; the first of several with one name of ours counts."""
    result: dict[str, Any] = {}
    for theirs, ours in names.items():
        if theirs in source and ours not in result:
            value = take(source, theirs)
            if value is not None:
                result[ours] = value
    return result


def put_back(document: dict[str, Any], name: str, rest: dict[str, Any]) -> None:
    """What is left of a section after its fields were moved; nothing where nothing is."""
    if rest:
        document[name] = rest
    else:
        document.pop(name, None)


def with_more(properties: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both; a name that is there already keeps its value, the other gets underscores until it is free."""
    result = dict(properties)
    for name, value in more.items():
        if value is None or (isinstance(value, (dict, list)) and not value):
            continue
        free = name
        while free in result:
            free += "_"
        result[free] = value
    return result


def snake_case(name: str) -> str:
    """`Order Completed` is order_completed: the form in which names of one meaning are equal."""
    return _NOT_IN_NAMES.sub("_", name.strip().lower()).strip("_")


def pixels(value: Any) -> dict[str, Any]:
    """`1920x1080` as width and height; empty for anything else."""
    found = re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", value) if isinstance(value, str) else None
    return {} if found is None else {"width": int(found[1]), "height": int(found[2])}
