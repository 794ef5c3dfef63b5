"""Writes the properties of an event as JSON without personal data and secrets; parses only suspicious ones."""

from typing import Any

import orjson
import re2

from enrich_consumer.core.parsing import url_secrets, urls
from enrich_consumer.core.parsing.identity_numbers import CARD, CPF, is_card, is_cpf
from enrich_consumer.core.parsing.pii import PERSONAL, scrub
from enrich_consumer.core.tables.sensitive_names import SENSITIVE_NAMES, compact, kind_of

REMOVED = "[removed]"
"""Replaces a property's value that must not be stored."""


def properties_text(data: bytes) -> str:
    """The properties, a JSON object, scrubbed.

    Raises:
        TypeError, ValueError, RecursionError: nested too deep to be written.
    """
    if is_suspicious(data):
        data = orjson.dumps(scrub_value(orjson.loads(data)))
    return data.decode()


def with_unread(properties: bytes | None, ecommerce: dict[str, Any]) -> bytes:
    """The properties with the fields of the event's `ecommerce` that have no column; `ecommerce_unread` where the
    properties have a field `ecommerce` of their own.

    Raises:
        ValueError, RecursionError: the properties are nested too deep to be read.
    """
    document = orjson.loads(properties) if properties else {}
    document["ecommerce_unread" if "ecommerce" in document else "ecommerce"] = ecommerce
    return orjson.dumps(document)


def is_suspicious(data: bytes) -> bool:
    """Whether there may be something to take out of a JSON text; one look for all that is sought.

    A sensitive key is found at any depth; one that is written with escapes is suspicious as well.
    """
    return bool(_SUSPICIOUS.Match(data))


def _suspicious() -> Any:
    between = r"[_\-. +]*"
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes
    sought = re2.Set.SearchSet(options)
    ends = "|".join(between.join(compact(row.name)) for row in SENSITIVE_NAMES if row.kind in _KINDS)
    others = "|".join(between.join(compact(row.name)) for row in SENSITIVE_NAMES if row.kind not in _KINDS)
    words = "|".join(row.name for row in SENSITIVE_NAMES if row.also == "word")
    sought.Add(
        "|".join(
            (
                PERSONAL,
                r"\\u00",
                # a name as a property's and as a parameter's in a URL; what leads to a token in a path
                rf"(?i:(?:{ends})s?(?:\]|%5D)*(?:\"\s*:|=|%(?:25)*3D|\\\"|%22))",
                rf"(?i:(?:[?&;#/_\-\[]|%(?:25)*(?:26|3F|5B))(?:{others})s?(?:\]|%5D)*(?:=|%(?:25)*3D))",
                rf"(?i:{words}|{'|'.join(url_secrets.PATH_WORDS)})[a-zA-Z\-]*\\?/",
                rf"(?i:{words})[^\"&=]*(?:\"\s*:|=)",
                r"eyJ[0-9A-Za-z_\-]+\.eyJ|wc_order_",
            )
        ).encode()
    )
    sought.Compile()
    return sought


_KINDS = frozenset(("personal", "secret"))
_SUSPICIOUS = _suspicious()


def scrub_value(value: Any) -> Any:
    """A JSON value: its texts and URLs scrubbed, numbers that are a card or a CPF too, sensitive keys emptied."""
    match value:
        case str():
            return scrub_text(value)
        case int() if value >= 10**10:
            digits = str(value)
            return CARD if is_card(digits) else CPF if is_cpf(digits) else value
        case list():
            return [scrub_value(one) for one in value]
        case dict():
            return {
                scrub(key): REMOVED
                if one and one is not True and kind_of(key) in _KINDS
                else scrub_value(one)
                for key, one in value.items()
            }
        case _:
            return value


def scrub_text(text: str) -> str:
    """A text; a URL is cleaned as the page's is."""
    is_url = text.startswith(("http://", "https://", "/")) and " " not in text and len(text) <= urls.LONGEST
    if is_url and url_secrets.is_suspicious(text):
        parts = urls.clean(text)
        if parts is not urls.NO_URL:
            return urls.text_of(text, parts)
    return scrub(text)
