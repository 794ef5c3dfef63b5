"""Umami's events: POST /api/send → our events. Pure.

Source: https://umami.is/docs/api/sending-stats
"""

from typing import Any
from urllib.parse import urljoin

from ingest_lambda.adapters.fields import first, moved, pixels, present, section, take, text, with_more
from ingest_lambda.adapters.translation import Translated, invalid, translated
from ingest_lambda.events.batch import Claims

KINDS = ("event", "identify", "performance")


def events_of(document: Any) -> list[Translated]:
    """The one event of a body."""
    return translated([document], _event)


def website_of(document: Any) -> str | None:
    """The website's id."""
    return text(section(document, "payload").get("website")) if isinstance(document, dict) else None


def _event(original: dict[str, Any]) -> Translated:
    kind = first(original.get("type"), "event")
    payload = section(original, "payload")
    if kind not in KINDS:
        raise invalid(f"type: one of {', '.join(KINDS)}")
    if not payload:
        raise invalid("payload: an object with what happened")
    name = text(take(payload, "name"))
    page = moved(payload, {"url": "url", "title": "title", "referrer": "referrer"})
    host = text(take(payload, "hostname"))
    if host is not None and isinstance(page.get("url"), str) and page["url"].startswith("/"):
        page["url"] = urljoin(f"https://{host}/", page["url"])  # the script sends path and host apart
    event: dict[str, Any] = {"event": first(name, "page_view") if kind == "event" else kind}
    ip, agent = payload.pop("ip", None), payload.pop("userAgent", None)
    user = first(payload.get("id"))
    event |= present(
        ts=_milliseconds(take(payload, "timestamp")),
        user_id=user,
        page=page or None,
        screen=pixels(take(payload, "screen")) or None,
        language=take(payload, "language"),
    )
    data = payload.pop("data", None)
    properties = dict(data) if isinstance(data, dict) else present(data=data)
    dropped = {"website", "id"}
    properties = with_more(
        properties, {name: value for name, value in payload.items() if name not in dropped}
    )
    if properties:
        event["properties"] = properties
    claims = Claims(text(ip), text(agent))
    return Translated(event, original, None, claims)


def _milliseconds(seconds: Any) -> Any:
    """Umami's clock counts seconds."""
    whole = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return int(seconds * 1000) if whole and 0 <= seconds < 1e11 else seconds
