"""Segment's HTTP API, which RudderStack, Jitsu and others speak too: messages → our events.

Source: Segment's Spec and HTTP tracking API (https://segment.com/docs/connections/spec/), and what their
clients send. Pure.
"""

from collections.abc import Mapping
from typing import Any

from ingest_lambda.adapters.client_hints import of_user_agent_data
from ingest_lambda.adapters.fields import first, moved, present, put_back, section, take, text, with_more
from ingest_lambda.adapters.segment_commerce import commerce_of, name_of
from ingest_lambda.adapters.translation import Translated, invalid, translated
from ingest_lambda.events.batch import Claims
from ingest_lambda.events.server_visitors import visitor_of

NAMES = {
    "page": "page_view",
    "screen": "screen_view",
    "identify": "identify",
    "group": "group",
    "alias": "alias",
}
"""Type of a message → our event; a track has a name of its own."""

CATEGORIES = {
    "analytics": frozenset({"analytics", "performance", "statistics", "c0002"}),
    "ads": frozenset({"advertising", "ads", "marketing", "targeting", "c0004"}),
}
"""Our consent → names of consent categories that mean it; C000n are OneTrust's."""

_DROPPED = ("messageId", "sentAt", "writeKey", "type", "event", "userId", "anonymousId", "timestamp",
            "originalTimestamp", "receivedAt", "rudderId")  # fmt: skip


def messages_of(document: Any, kind: str | None) -> list[Translated]:
    """The messages of a body: a batch, or one message whose type `kind` the path names (None: the message does)."""
    if not isinstance(document, dict):
        return translated([document], lambda message: _event(message, kind, None))
    batch = document.get("batch")
    if not isinstance(batch, list):
        return translated([document], lambda message: _event(message, kind, document.get("sentAt")))
    shared = {name: section(document, name) for name in ("context", "integrations")}

    def of_batch(message: dict[str, Any]) -> Translated:
        merged = {name: {**fields, **section(message, name)} for name, fields in shared.items() if fields}
        sent_at = first(message.get("sentAt"), document.get("sentAt"))
        return _event(message | merged, None, sent_at)._replace(original=message)

    return translated(batch, of_batch)


def write_key_of(document: Any) -> str | None:
    """The write key in a body. Jitsu's browser client puts stars there; they are no key."""
    key = document.get("writeKey") if isinstance(document, dict) else None
    return key if isinstance(key, str) and "*" not in key else None


def _event(message: dict[str, Any], kind: str | None, sent_at: Any) -> Translated:
    kind = first(message.get("type"), kind, "track" if message.get("event") else None)
    if kind == "track":
        given = text(message.get("event"))
        if given is None:
            raise invalid("event: a track needs a name")
        name = name_of(given)
    elif isinstance(kind, str) and kind in NAMES:
        given, name = None, NAMES[kind]
    else:
        raise invalid("type: one of track, page, screen, identify, group, alias")
    context, properties = section(message, "context"), section(message, "properties")
    event = present(
        event_id=first(message.get("messageId")),
        event=name,
        ts=first(message.get("originalTimestamp"), message.get("timestamp")),
        visitor_id=visitor_of(
            message.get("anonymousId"), first(message.get("userId"), message.get("previousId"))
        ),
        user_id=first(message.get("userId")),
        page=_page(kind, context, properties) or None,
        screen=_screen(context) or None,
        language=take(context, "locale"),
        consent=_consent(context) or None,
    )
    if name == "search":
        event |= moved(properties, {"query": "search_term"})
    if kind == "track" and (commerce := commerce_of(name, properties)):
        event["ecommerce"] = commerce
    claims = _claims(context)
    if context.get("sessionId") is not None:  # RudderStack's
        properties = with_more(properties, {"session_id": context.pop("sessionId")})
    rest = {name: value for name, value in message.items() if name not in _DROPPED}
    rest |= {"context": context, "original_event": given if given != name else None}
    rest.pop("properties", None)
    properties = with_more(properties, _named(rest, properties))
    return Translated(event | ({"properties": properties} if properties else {}), message, sent_at, claims)


def _named(rest: dict[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the message itself in our spelling; browsers write a page's name in two fields."""
    renamed = {"groupId": "group_id", "previousId": "previous_id"}
    return {renamed.get(name, name): value for name, value in rest.items() if properties.get(name) != value}


def _page(kind: Any, context: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """`properties` speak of the page only in a page call: those of a product hold the product's URL."""
    names = {"url": "url", "title": "title", "referrer": "referrer"}
    theirs = section(context, "page")
    page = moved(theirs, names)
    put_back(context, "page", theirs)
    return page | moved(properties, names) if kind == "page" else page


def _screen(context: dict[str, Any]) -> dict[str, Any]:
    screen = section(context, "screen")
    names = {
        "width": "width",
        "height": "height",
        "innerWidth": "viewport_width",
        "innerHeight": "viewport_height",
    }
    found = moved(screen, names)
    put_back(context, "screen", screen)
    return found


def _consent(context: dict[str, Any]) -> dict[str, Any]:
    given = section(section(context, "consent"), "categoryPreferences")
    preferences = {name.lower(): value for name, value in given.items() if isinstance(value, bool)}
    found: dict[str, Any] = {}
    for ours, names in CATEGORIES.items():
        said = [value for name, value in preferences.items() if name in names]
        if said:
            found[ours] = all(said)
    return found


def _claims(context: dict[str, Any]) -> Claims:
    """Taken out of the context: an IP address belongs into no property, whatever becomes of the claim."""
    ip, agent, data = (context.pop(name, None) for name in ("ip", "userAgent", "userAgentData"))
    hints = of_user_agent_data(data)
    return Claims(text(ip) if isinstance(ip, str) else None, agent if isinstance(agent, str) else None, hints)
