"""Whether one event may enter: first its shape, at a bounded cost, then the schema."""

from typing import Any

import jsonschema_rs
import orjson

from ingest_lambda.errors import EventRejected
from schemas import Reason, json_file

MAX_DEPTH = 16
INT64 = 2**63  # integers from here on overflow BIGINT in the lake, or came through a float and lost digits
IDENTITIES = ("visitor_id", "user_id")

# `mask` keeps the client's values out of messages: they reach logs, and can be a megabyte long.
_SCHEMA = jsonschema_rs.validator_for(json_file("event.schema.json"), validate_formats=True, mask="this")


def check(event: Any, max_bytes: int, *, damaged_text: bool) -> dict[str, Any]:
    """Return the event if it may enter.

    Raises:
        EventRejected: not an object, too deep, a number out of range, too large, damaged text, or not by the
        schema.
    """
    if not isinstance(event, dict):
        raise EventRejected(Reason.NOT_AN_OBJECT, f"an event is a JSON object; this is {_kind(event)}")
    _check_shape(event)
    size = len(orjson.dumps(event))
    if size > max_bytes:
        raise EventRejected(
            Reason.EVENT_TOO_LARGE, f"an event may have {max_bytes} bytes; this one has {size}"
        )
    if damaged_text:
        _check_identities(event)
    if not _SCHEMA.is_valid(event):
        problem = next(iter(_SCHEMA.iter_errors(event)))
        where = ".".join(str(step)[:64] for step in problem.instance_path) or "event object"
        raise EventRejected(Reason.INVALID_EVENT, f"{where}: {problem.message}"[:300])
    return event


def _check_shape(event: dict[str, Any]) -> None:
    """Walk level by level, so that no recursion depends on the input."""
    level: list[Any] = [event]
    depth = 1
    while level:
        if depth > MAX_DEPTH:
            raise EventRejected(Reason.EVENT_TOO_DEEP, f"an event may be nested {MAX_DEPTH} deep")
        below: list[Any] = []
        for container in level:
            for value in container.values() if type(container) is dict else container:
                kind = type(value)
                if kind is dict or kind is list:
                    below.append(value)
                elif (kind is int or kind is float) and not -INT64 <= value < INT64:
                    raise EventRejected(
                        Reason.NUMBER_OUT_OF_RANGE, "a number must be within the 64-bit range"
                    )
        level = below
        depth += 1


def _check_identities(event: dict[str, Any]) -> None:
    for name in IDENTITIES:
        value = event.get(name)
        if isinstance(value, str) and "\ufffd" in value:
            # Two different ids would become one.
            raise EventRejected(Reason.INVALID_TEXT, f"{name}: half a surrogate pair in an identity")


def _kind(value: Any) -> str:
    kinds = {list: "an array", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")
