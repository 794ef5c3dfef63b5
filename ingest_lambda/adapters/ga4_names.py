"""What both of Google Analytics 4's protocols share: parameters of events as our fields."""

from typing import Any

from ingest_lambda.adapters.fields import first, moved, put_back, section, with_more

ECOMMERCE = ("currency", "value", "transaction_id", "coupon", "shipping", "tax", "items")
PAGE = {"page_location": "url", "page_title": "title", "page_referrer": "referrer"}
SESSION = {"session_id": "ga_session_id", "session_number": "ga_session_number"}
PERSONAL = ("em", "user_data", "user_data_auto_meta")
"""Enhanced conversions: hashed e-mail and telephone. A hash of an e-mail is the e-mail to whoever has a list."""


def event_of(name: Any, params: dict[str, Any]) -> dict[str, Any]:
    """An event of ours from its name and parameters; what has no field of its own is left in properties."""
    rest = {
        key: value
        for key, value in params.items()
        if key not in PERSONAL and not key.startswith("user_data.")
    }
    event: dict[str, Any] = {"event": name}
    page = moved(rest, PAGE)
    if page:
        event["page"] = page
    commerce = moved(rest, {field: field for field in ECOMMERCE})
    if commerce:
        event["ecommerce"] = commerce
    event |= moved(rest, {"search_term": "search_term", "language": "language"})
    session = moved(rest, SESSION)
    properties = with_more(session, rest)
    if properties:
        event["properties"] = properties
    return event


def granted(said: Any) -> bool | None:
    """Google's words for consent; None for anything else."""
    return {"granted": True, "denied": False}.get(said.lower()) if isinstance(said, str) else None


def consent_for_ads(consent: dict[str, Any]) -> bool | None:
    """One word for ads: a denial of either kind, or else a grant of either, or nobody asked."""
    said = [granted(consent.get(name)) for name in ("ad_user_data", "ad_personalization")]
    return False if False in said else first(*said)


def put_properties(event: dict[str, Any], **more: Any) -> None:
    """Add properties to an event that may have none."""
    put_back(event, "properties", with_more(section(event, "properties"), more))
