"""Snowplow's tracker protocol: POST …/tp2 with a list of payloads, or GET /i with one → our events. Pure.

Source: https://docs.snowplow.io/docs/fundamentals/canonical-event/ and the tracker protocol there.
"""

from typing import Any
from urllib.parse import parse_qsl

from ingest_lambda.adapters.fields import (
    first,
    moved,
    number,
    pixels,
    present,
    put_back,
    take,
    text,
    with_more,
)
from ingest_lambda.adapters.snowplow_entities import entities_of
from ingest_lambda.adapters.snowplow_events import EVENTS
from ingest_lambda.adapters.translation import Translated, invalid, translated
from ingest_lambda.events.batch import Claims
from ingest_lambda.events.server_visitors import visitor_of

PAYLOAD = "iglu:com.snowplowanalytics.snowplow/payload_data/"
MAX_FIELDS = 200
CUT_MS = (
    999  # the Python tracker cuts `stm` to whole seconds, so that an event seems to happen after it was sent
)

_OURS = {"sid": "sid", "vid": "vid"}
_TECHNICAL = ("e", "p", "aid", "eid", "dtm", "ttm", "stm", "duid", "tnuid", "uid", "nuid", "ip", "ua")


class NotSnowplow(ValueError):  # noqa: N818 - it says what the body is not
    """The body is no payload_data document; the message says why."""


def payloads_of(document: Any, *, anonymous: bool) -> list[Translated]:
    """The events of a POST; `anonymous`: the request asks not to be followed (header SP-Anonymous).

    Raises:
        NotSnowplow: another schema, or no list of payloads.
    """
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise NotSnowplow("the body must be a payload_data document with a list in data")
    if not str(document.get("schema", "")).startswith(PAYLOAD):
        raise NotSnowplow(f"schema must be {PAYLOAD}jsonschema/1-0-0 or later")
    return translated(document["data"], lambda payload: _event(payload, anonymous=anonymous))


def payload_of(query: str, *, anonymous: bool) -> list[Translated]:
    """The event of a GET."""
    pairs = query.removeprefix("?").split("&")[:MAX_FIELDS]
    payload = dict(parse_qsl("&".join(pairs), keep_blank_values=True, errors="replace"))
    payload.pop("key", None)
    return translated([payload], lambda payload: _event(payload, anonymous=anonymous))


def app_id_of(document: Any) -> str | None:
    """The application of a body: that of its first payload, since a tracker has one."""
    data = document.get("data") if isinstance(document, dict) else None
    head = data[0] if isinstance(data, list) and data else None
    return text(head.get("aid")) if isinstance(head, dict) else None


def _event(original: dict[str, Any], *, anonymous: bool) -> Translated:
    payload = dict(original)
    kind = payload.get("e")
    if not isinstance(kind, str) or kind not in EVENTS:
        raise invalid(f"e: one of {', '.join(EVENTS)}")
    entities = entities_of(payload)
    event, properties = EVENTS[kind](payload, entities)
    visitor = (
        None
        if anonymous
        else visitor_of(first(payload.get("duid"), payload.get("tnuid")), payload.get("uid"))
    )
    screen = pixels(payload.pop("res", None)) | {
        f"viewport_{side}": length for side, length in pixels(payload.pop("vp", None)).items()
    }
    claims = Claims(text(payload.get("ip")), text(payload.get("ua")), entities.hints)
    found = present(
        event_id=first(payload.get("eid")),
        ts=_milliseconds(first(payload.get("ttm"), payload.get("dtm"))),
        visitor_id=visitor,
        user_id=None if anonymous else first(payload.get("uid")),
        page=moved(payload, {"url": "url", "page": "title", "refr": "referrer"}) or None,
        screen=screen or None,
        language=take(payload, "lang"),
    )
    sent_at = None if payload.get("ttm") else _sent_at(payload)
    rest = {
        name: value for name, value in payload.items() if name not in _TECHNICAL and value not in ("", None)
    }
    for more in (moved(rest, _OURS), rest, entities.properties()):
        properties = with_more(properties, more)
    event |= found
    put_back(event, "properties", properties)
    return Translated(event, original, sent_at, claims)


def _sent_at(payload: dict[str, Any]) -> Any:
    sent = number(payload.get("stm"))
    if sent is None:
        return payload.get("stm")
    return int(sent) + (CUT_MS if str(payload.get("tv", "")).startswith("py-") else 0)


def _milliseconds(value: Any) -> Any:
    """The number in a text of digits; what is none goes on as it came."""
    return (
        int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19
        else value
    )
