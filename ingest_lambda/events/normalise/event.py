"""Normalises one event from the client's form to the raw record's, and notes each change."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ingest_lambda.errors import EventRejected
from ingest_lambda.events.normalise.canonical import KNOWN, is_canonical
from ingest_lambda.events.normalise.consent import consent
from ingest_lambda.events.normalise.ecommerce import FLAT, ecommerce, folded, is_flat
from ingest_lambda.events.normalise.ids import event_id, event_name, user_id, visitor_id
from ingest_lambda.events.normalise.objects import page, screen
from ingest_lambda.events.normalise.properties import bounded, with_unknown
from ingest_lambda.events.normalise.repairs import DAMAGED_TEXT, TO_OBJECT, Repair, Repairs
from ingest_lambda.events.normalise.times import read_time
from ingest_lambda.events.normalise.values import Convert, is_absent, nothing, parsed, text
from schemas import Reason

Objects = Callable[[Any, Repairs], tuple[dict[str, Any] | None, dict[str, Any]]]

OBJECTS: Mapping[str, Objects] = {"page": page, "screen": screen, "ecommerce": ecommerce, "consent": consent}
IDS = frozenset({"event", "event_id", "visitor_id"})
MAX_TEXT = 8_192

_LANGUAGE = text(64)


def _language(value: Any, field: str, repairs: Repairs) -> Any:
    """`navigator.languages` is a list, the preferred one first."""
    return _LANGUAGE(value[:1] if type(value) is list else value, field, repairs)


def _time(value: Any, field: str, repairs: Repairs) -> int | None:
    if is_absent(value):
        nothing(value, field, repairs)
        return None
    found = read_time(value)
    if found.what is not None:
        repairs.note(field, found.what)
        if found.ms is None:
            repairs.keep(field, value)
    return found.ms


SINGLE: Mapping[str, Convert] = {
    "ts": _time,
    "language": _language,
    "search_term": text(2_048),
    "user_id": user_id,
}


class NormalisedEvent(NamedTuple):
    """`event` is in the form of schemas/raw.schema.json, but for `repairs`. `visitor_id` belongs to its record.

    `lost_digits`: a number came through a float that is too small for it, so its text should be read again.
    """

    event: dict[str, Any]
    visitor_id: str | None
    repairs: tuple[Repair, ...]
    lost_digits: bool


def normalise(
    given: Any, site: str, absent_id: Callable[[], str], *, damaged_text: bool = False
) -> NormalisedEvent:
    """Convert one event; `absent_id` makes the id of an event without one.

    Raises:
        EventRejected: it is no object, has no usable name, or is nested beyond what can be written.
    """
    event = parsed(given)
    if type(event) is not dict:
        raise EventRejected(Reason.NOT_AN_OBJECT, f"an event is a JSON object; this is {_kind(event)}")
    repairs = Repairs()
    if event is not given:
        repairs.note("event", TO_OBJECT)
    canonical = not damaged_text and is_canonical(event)
    result: dict[str, Any] = {
        "event_id": event_id(event.get("event_id"), site, absent_id, repairs),
        "event": event_name(event.get("event"), repairs),
    }
    visitor = event.get("visitor_id")
    if canonical:
        unknown = _copy_known(event, result, repairs)
    else:
        if visitor is not None:
            visitor = visitor_id(visitor, "visitor_id", repairs)
        unknown = _convert_known(event, result, repairs)
    lost_digits = _add_properties(result, unknown, repairs)
    if damaged_text and "\ufffd" in repr(result):
        repairs.note("event", DAMAGED_TEXT)
    return NormalisedEvent(result, visitor, tuple(repairs.noted), lost_digits)


def _copy_known(event: dict[str, Any], result: dict[str, Any], repairs: Repairs) -> dict[str, Any]:
    """Copy the fields of an event that is in the form of the contract; return the unknown ones."""
    unknown: dict[str, Any] = {}
    for field, value in event.items():
        if field not in KNOWN:
            unknown[field] = value
        elif field == "ts":
            result[field] = value if value is None else _time(value, field, repairs)
        elif field not in IDS:
            result[field] = value
    return unknown


def _convert_known(event: dict[str, Any], result: dict[str, Any], repairs: Repairs) -> dict[str, Any]:
    """Convert the single fields, copy the objects, fold gtag's flat ones; return the unknown ones."""
    unknown: dict[str, Any] = {}
    flat: dict[str, Any] = {}
    for field, value in event.items():
        if field in IDS:
            continue
        convert = SINGLE.get(field)
        if convert is not None:
            result[field] = value if value is None else convert(value, field, repairs)
        elif field in OBJECTS or field == "properties":
            result[field] = value
        elif field in FLAT:
            flat[field] = value
        else:
            unknown[field] = value
    if flat and is_flat(event, result["event"]):
        result["ecommerce"], flat = folded(result.get("ecommerce"), flat, repairs)
    return _convert_objects(result, unknown | flat if flat else unknown, repairs)


def _convert_objects(result: dict[str, Any], unknown: dict[str, Any], repairs: Repairs) -> dict[str, Any]:
    """Convert the objects in place; return the unknown fields, theirs among them."""
    for field, convert in OBJECTS.items():
        value = result.get(field)
        if value is not None:
            result[field], more = convert(value, repairs)
            if more:
                unknown = with_unknown(unknown, more)
    return unknown


def _add_properties(result: dict[str, Any], unknown: dict[str, Any], repairs: Repairs) -> bool:
    """Set `properties`, with the unknown fields and the originals; return whether a number lost digits."""
    properties = result.get("properties")
    if properties is not None:
        properties = result["properties"] = _properties(properties, repairs)
    if unknown:
        properties = with_unknown(properties or {}, unknown)
    if repairs.originals:
        properties = with_unknown(properties or {}, {"original": repairs.originals})
    if properties:
        result["properties"], lost_digits = bounded(properties, repairs)
        return lost_digits or repairs.lost_digits
    return repairs.lost_digits


def shortened(event: Any) -> Any:
    """The event with its long texts nearly as short as they will be, so that they do not make it too large."""
    if type(event) is not dict:
        return event
    result = {
        name: _short(value) for name, value in event.items() if name in {"event", "search_term", "language"}
    }
    if type(event.get("page")) is dict:
        result["page"] = {name: _short(value) for name, value in event["page"].items()}
    return event | result


def _short(value: Any) -> Any:
    return value[: MAX_TEXT + 1] if isinstance(value, str) else value


def _properties(value: Any, repairs: Repairs) -> dict[str, Any] | None:
    """An object; anything else that holds something goes into one, under the name `properties`."""
    if type(value) is dict:
        return value
    found = parsed(value)
    if type(found) is dict:
        repairs.note("properties", TO_OBJECT)
        return found
    if is_absent(found):
        nothing(found, "properties", repairs)
        return None
    repairs.note("properties", TO_OBJECT)
    return {"properties": found}


def _kind(value: Any) -> str:
    kinds = {list: "an array", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")
