"""Ids of any form, and the event's name."""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

from ingest_lambda.errors import EventRejected
from ingest_lambda.events.normalise.null_words import NO_IDENTITY
from ingest_lambda.events.normalise.repairs import ABSENT, CUT, DERIVED, RENAMED, TO_TEXT, UNREADABLE, Repairs
from ingest_lambda.events.normalise.values import Convert, nothing, plain_text
from schemas import Reason

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
NO_UUID = frozenset({str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1))})
"""The nil and the max UUID (RFC 9562): as event ids they would make one event of many."""

MAX_VISITOR_ID, MAX_USER_ID = 128, 256
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # addToCart, SKUView
NO_NAME_CHARACTER = re.compile(r"[^a-z0-9]+")


def derived_uuid(*parts: str) -> str:
    """A UUID of version 8 (RFC 9562) from texts: the same texts have the same one, on every machine and day."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()[:16])
    number = number & ~(0xF000 << 64) | 0x8000 << 64
    number = number & ~(0xC000 << 48) | 0x8000 << 48
    return str(uuid.UUID(int=number))


def event_id_of(request_id: str, index: int) -> str:
    """The id of an event that came without one: from the request's id and its index there.

    Not from its content: two page views that look the same are two page views. So a repeated request makes a
    second event, and clients that retry should send ids.
    """
    return derived_uuid(request_id, str(index))


def event_id(value: Any, site: str, absent: Callable[[], str], repairs: Repairs) -> str:
    """A UUID in lower case. From an id of another form one is derived, of the site and the id, stable on repeat.

    `absent` makes the id of an event that has none.
    """
    if value is None:
        return absent()
    if type(value) is str and UUID.fullmatch(value) and (lower := value.lower()) not in NO_UUID:
        return lower
    given = plain_text(value)
    given = None if given is None else given.strip()
    if given is None or given.lower() in NO_IDENTITY:
        _no_id("event_id", value, repairs)
        return absent()
    if UUID.fullmatch(given) and given.lower() not in NO_UUID:
        return given.lower()
    repairs.note("event_id", DERIVED)
    repairs.keep("event_id", given)
    return derived_uuid(site, given)


def identity(field: str, most: int) -> Convert:
    """A converter to a person's id: text without control characters, of at most `most` characters.

    What many share is nobody's id and becomes null. Another form gets an id derived from it, so that two people
    never become one. The original is not kept: `properties` must not hold an identity that consent takes away.
    """

    def convert(value: Any, path: str, repairs: Repairs) -> str | None:
        found = value if type(value) is str else plain_text(value)
        lower = "" if found is None else found.strip().lower()
        if found is None or lower in NO_IDENTITY or "\ufffd" in found:
            # U+FFFD: half a surrogate pair, or bytes that were no UTF-8. Two different ids would become one.
            repairs.note(field, ABSENT if found is not None and "\ufffd" not in found else UNREADABLE)
            return None
        if type(value) is not str:
            repairs.note(field, TO_TEXT)
        if len(found) > most or CONTROL.search(found):
            repairs.note(field, DERIVED)
            return derived_uuid(field, found)
        return found

    return convert


visitor_id = identity("visitor_id", MAX_VISITOR_ID)
user_id = identity("user_id", MAX_USER_ID)


def identifier(most: int, none: AbstractSet[str]) -> Convert:
    """A converter to the id of a thing: text of at most `most` characters, null for the words in `none`."""

    def convert(value: Any, field: str, repairs: Repairs) -> str | None:
        found = value if type(value) is str else plain_text(value)
        if found is None or found.strip().lower() in none:
            if value != "":  # an empty id was always taken as it is
                nothing(None if found is not None else value, field, repairs)
                return None
            return found
        if type(value) is not str and type(value) is not int:
            repairs.note(field, TO_TEXT)
        if len(found) > most:
            repairs.note(field, CUT)
            repairs.keep(field, found)
        return found[:most]

    return convert


def event_name(value: Any, repairs: Repairs) -> str:
    """A name of small letters, digits and underscores; from another writing one is made, the original kept.

    Raises:
        EventRejected: there is no text with a letter or digit of ASCII to make one from.
    """
    if type(value) is str and NAME.fullmatch(value):
        return value
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is not str:
        raise EventRejected(Reason.INVALID_EVENT, f"event: an event needs a name, and this is {_kind(value)}")
    ascii_text = unicodedata.normalize("NFKD", value[:256]).encode("ascii", "ignore").decode()
    name = NO_NAME_CHARACTER.sub("_", WORD_ENDS.sub("_", ascii_text).lower()).strip("_")
    if not name:
        raise EventRejected(Reason.INVALID_EVENT, "event: a name needs a letter or digit of ASCII")
    name = (name if name[0].isalpha() else f"e_{name}")[:40].rstrip("_")
    repairs.note("event", RENAMED)
    repairs.keep("event", value)
    return name


def _no_id(field: str, value: Any, repairs: Repairs) -> None:
    if plain_text(value) is None:
        nothing(value, field, repairs)
    else:
        repairs.note(field, ABSENT)


def _kind(value: Any) -> str:
    kinds = {list: "an array", dict: "an object", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")
