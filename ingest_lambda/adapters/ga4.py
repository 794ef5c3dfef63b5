"""Google Analytics 4's Measurement Protocol: POST /mp/collect → our events. Pure.

Source: https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
"""

from typing import Any

from ingest_lambda.adapters.event_ids import stable_id
from ingest_lambda.adapters.fields import first, pixels, section, text
from ingest_lambda.adapters.ga4_names import consent_for_ads, event_of, put_properties
from ingest_lambda.adapters.translation import Translated, invalid, translated
from ingest_lambda.events.batch import Claims
from ingest_lambda.events.server_visitors import visitor_of

_OF_BODY = frozenset({"client_id", "app_instance_id", "user_id", "timestamp_micros", "user_properties", "consent",
                      "non_personalized_ads", "ip_override", "user_agent", "device", "user_data", "events",
                      "user_location", "validation_behavior"})  # fmt: skip


def events_of(document: Any, measurement_id: str) -> list[Translated]:
    """The events of a body. An empty list where it has none."""
    if not isinstance(document, dict):
        return translated([document], lambda event: _event(event, {}, measurement_id, 0))
    given = document.get("events")
    events = given if isinstance(given, list) else [] if given is None else [given]
    indices = iter(range(len(events)))

    def of_body(event: dict[str, Any]) -> Translated:
        return _event(event, document, measurement_id, next(indices))

    return translated(events, of_body)


def _event(given: dict[str, Any], body: dict[str, Any], measurement_id: str, index: int) -> Translated:
    name = text(given.get("name"))
    if name is None:
        raise invalid("name: an event needs one")
    event = event_of(name, section(given, "params"))
    micros = first(given.get("timestamp_micros"), body.get("timestamp_micros"))
    device = section(body, "device")
    event |= {
        key: value
        for key, value in {
            "event_id": _id(given, body, measurement_id, index, micros),
            "ts": _milliseconds(micros),
            "visitor_id": visitor_of(
                first(body.get("client_id"), body.get("app_instance_id")), body.get("user_id")
            ),
            "user_id": first(body.get("user_id")),
            "language": first(event.get("language"), device.get("language")),
            "screen": pixels(device.get("screen_resolution")),
            "consent": _consent(section(body, "consent")),
        }.items()
        if value
    }
    users = {name: _value(value) for name, value in section(body, "user_properties").items()}
    more = {name: value for name, value in body.items() if name not in _OF_BODY}
    location = section(body, "user_location")
    put_properties(event, user_properties=users, device=device, user_location=location, **_texts(more))
    agent, ip = body.get("user_agent"), body.get("ip_override")
    claims = Claims(ip if isinstance(ip, str) else None, agent if isinstance(agent, str) else None)
    return Translated(event, given, None, claims)


def _id(
    given: dict[str, Any], body: dict[str, Any], measurement_id: str, index: int, micros: Any
) -> str | None:
    """Stable where the body says when it happened or which order it is.

    Without these two bodies that look the same may be two events, so there is none.
    """
    order = section(given, "params").get("transaction_id")
    if first(micros, order) is None:
        return None
    return stable_id(
        "mp", measurement_id, first(body.get("client_id"), body.get("app_instance_id")), micros, index, given
    )


def _milliseconds(micros: Any) -> Any:
    """Whole milliseconds; what is no number goes on as it came."""
    try:
        return None if micros is None else int(micros) // 1000
    except (TypeError, ValueError, OverflowError):
        return micros


def _consent(consent: dict[str, Any]) -> dict[str, Any]:
    ads = consent_for_ads(consent)
    return {} if ads is None else {"ads": ads}


def _value(user_property: Any) -> Any:
    return user_property.get("value") if isinstance(user_property, dict) else user_property


def _texts(fields: dict[str, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in fields.items()}
