"""Checks whether a whole event has the form of the contract, so that no single field needs a look."""

from collections.abc import Set as AbstractSet
from typing import Any

import jsonschema_rs

from ingest_lambda.events.normalise.ecommerce import FLAT
from ingest_lambda.events.normalise.ids import NO_UUID
from ingest_lambda.events.normalise.null_words import NO_IDENTITY, NO_ORDER, NULL_WORDS
from ingest_lambda.events.normalise.times import FIRST_MS, FIRST_US
from schemas import json_file

EVENT = json_file("event.schema.json")
KNOWN = frozenset(EVENT["properties"])


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The contract, closed where ingest moves something: unknown fields of objects, other units of time, number ids."""
    properties, definitions = dict(schema["properties"]), dict(schema["$defs"])
    for name in ("page", "screen", "ecommerce", "consent"):
        properties[name] = properties[name] | {"additionalProperties": False}
    properties["ts"] = properties["ts"] | {"minimum": FIRST_MS, "maximum": FIRST_US - 1}
    item = definitions["item"]
    ids = {"item_id": item["properties"]["item_id"] | {"type": ["string", "null"]}}
    definitions["item"] = item | {"properties": item["properties"] | ids, "additionalProperties": False}
    number = definitions["number"] | {"minimum": -(2**63), "exclusiveMaximum": 2**63}
    definitions["number"] = number
    return schema | {"properties": properties, "$defs": definitions}


_CANONICAL = jsonschema_rs.validator_for(_closed(EVENT), validate_formats=True)


def is_canonical(event: dict[str, Any]) -> bool:
    """Whether every known field, but for `properties`, is as the contract says and means what it says."""
    if not event.keys().isdisjoint(FLAT):
        return False
    try:
        if not _CANONICAL.is_valid(event):
            return False
    except ValueError:  # what the validator cannot hold: NaN, a number that stayed text, 255 levels
        return False
    return _has_real_ids(event)


def _has_real_ids(event: dict[str, Any]) -> bool:
    if event.get("event_id") in NO_UUID:
        return False
    if _is_nobody(event.get("visitor_id")) or _is_nobody(event.get("user_id")):
        return False
    ecommerce = event.get("ecommerce")
    if not ecommerce:
        return True
    items = ecommerce.get("items") or ()
    return not (
        _stands_for_nothing(ecommerce.get("transaction_id"), NO_ORDER)
        or any(_stands_for_nothing(item.get("item_id"), NULL_WORDS) for item in items)
    )


def _is_nobody(value: str | None) -> bool:
    return value is not None and value.strip().lower() in NO_IDENTITY


def _stands_for_nothing(value: str | None, words: AbstractSet[str]) -> bool:
    """An empty id is not among them: it was always taken as it is."""
    return bool(value) and value.strip().lower() in words  # type: ignore[union-attr] # null is false
