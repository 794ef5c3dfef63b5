"""Names of parameters and properties whose values must not be stored."""

import re
from functools import lru_cache
from typing import NamedTuple

from enrich_consumer.core.tables.csv_table import read_table


class SensitiveName(NamedTuple):
    """One row of the table; what `kind` and `also` mean is said at its head."""

    name: str
    kind: str
    also: str


SENSITIVE_NAMES = tuple(
    SensitiveName(row["name"], row["kind"], row["also"]) for row in read_table("sensitive_names")
)


def compact(name: str) -> str:
    """The name in lower case without what parts its words: `accessToken`, `access-token` and `access_token` are one."""
    return _BETWEEN.sub("", name.lower())


_BETWEEN = re.compile(r"[_\-. +]+")
_WORD = re.compile(r"[A-Z]*[^A-Z\W_]+|[A-Z]+")
"""A word of `billingFirst_name`."""

_KIND_OF = {compact(row.name): row.kind for row in SENSITIVE_NAMES}
_END = frozenset(compact(row.name) for row in SENSITIVE_NAMES if row.also)
_ANY = tuple(compact(row.name) for row in SENSITIVE_NAMES if row.also in {"any", "word"})
_WORDS = frozenset(row.name for row in SENSITIVE_NAMES if row.also == "word")
_BRACKETS = re.compile(r"[\[\]]+")


def kind_of(name: str) -> str | None:
    """The kind of a name, or of the innermost name that is in brackets; None for one that is not sensitive."""
    if "[" in name:
        kinds = [kind for part in _BRACKETS.split(name) if part and (kind := _kind_of(part))]
        return kinds[-1] if kinds else None
    return _kind_of(name)


def _kind_of(name: str) -> str | None:
    return _known_kind(name) if len(name) <= _SHORT else _find_kind(name)


_SHORT = 40
"""Characters. Names of parameters come again and again; what is longer is hardly one."""


@lru_cache(8192)
def _known_kind(name: str) -> str | None:
    return _find_kind(name)


def _find_kind(name: str) -> str | None:
    whole = compact(name)
    for candidate in (whole, whole.removesuffix("s")):  # emails, tokens
        if kind := _KIND_OF.get(candidate):
            return kind
        if candidate.endswith(_ANY):
            return "secret"
    words = [word.lower().rstrip("0123456789") for word in _WORD.findall(name)]
    if not _WORDS.isdisjoint(words):
        return "secret"
    words = words[-3:]
    for start in range(1, len(words)) if len(words) < 3 else range(len(words)):
        end = "".join(words[start:])
        if end in _END:
            return _KIND_OF[end]
    return None
