"""Plausible's events: POST /api/event → our events. Pure.

Source: https://plausible.io/docs/events-api; its tracker sends the short names.
"""

from typing import Any

from ingest_lambda.adapters.fields import first, moved, present, section, text, with_more
from ingest_lambda.adapters.translation import Translated, invalid, translated

NAMES = {"pageview": "page_view", "engagement": "engagement"}
_SHORT = {
    "n": "name", "u": "url", "d": "domain", "r": "referrer", "w": "screen_width", "h": "hash_mode", "m": "meta",
    "p": "props", "$": "revenue", "i": "interactive", "e": "engagement_time", "sd": "scroll_depth", "v": "version",
}  # fmt: skip


def events_of(document: Any) -> list[Translated]:
    """The one event of a body."""
    return translated([document], _event)


def domain_of(document: Any) -> str | None:
    """The site's domain, the first where several are named."""
    if not isinstance(document, dict):
        return None
    domain = first(document.get("d"), document.get("domain"))
    return (domain.split(",")[0].strip() or None) if isinstance(domain, str) else None


def _event(original: dict[str, Any]) -> Translated:
    given = {_SHORT.get(name, name): value for name, value in original.items()}
    name = text(given.pop("name", None))
    if name is None:
        raise invalid("n or name: an event needs a name")
    event: dict[str, Any] = {"event": NAMES.get(name, name)}
    page = moved(given, {"url": "url", "referrer": "referrer"})
    revenue = section(given, "revenue")
    event |= present(
        page=page or None,
        ecommerce=moved(revenue, {"amount": "value", "currency": "currency"}) or None,
        screen={"width": given["screen_width"]} if isinstance(given.get("screen_width"), int) else None,
    )
    props = given.get("props")
    properties = dict(props) if isinstance(props, dict) else present(props=props)
    dropped = {"domain", "version", "props", "revenue", "screen_width", "hash_mode"}
    properties = with_more(properties, {name: value for name, value in given.items() if name not in dropped})
    if properties:
        event["properties"] = properties
    return Translated(event, original)
