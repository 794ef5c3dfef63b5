"""What the row of a posted event must hold, column by column, written down without the pipeline's code."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from rastro.synthetic_shop import Request, Sent

KNOWN = {
    *("event_id", "event", "ts", "visitor_id", "user_id", "page", "screen", "language", "ecommerce"),
    *("search_term", "consent", "properties"),
}
ITEM = (
    "item_id",
    "item_name",
    "item_brand",
    "item_category",
    "item_variant",
    "price",
    "quantity",
    "discount",
    "item_category2",
    "item_category3",
    "item_category4",
    "item_category5",
    "item_list_id",
    "item_list_name",
    "index",
    "coupon",
    "affiliation",
    "promotion_id",
    "promotion_name",
    "creative_name",
    "creative_slot",
    "location_id",
)
POSTING = timedelta(minutes=5)
"""Events carry the moment they were planned as `sent_at`, so they seem later by what the posting took."""


def expected(request: Request, sent: Sent) -> dict[str, Any]:
    """Columns that follow from the posted event alone, as Python values of the Parquet types."""
    event = sent.event
    page = {name: _kept(text, event) for name, text in event["page"].items()}
    url = urlsplit(page["url"])
    campaign = parse_qs(url.query)
    shop = event.get("ecommerce") or {}
    consent = event.get("consent") or {}
    more = {key: value for key, value in event.items() if key not in KNOWN}
    return {
        "event_id": sent.event_id,
        "site": "loja",
        "event_name": event["event"],
        "visitor_kind": "cookie" if "visitor_id" in event else "cookieless",
        "user_id": event.get("user_id"),
        "schema_version": 1,
        "enrich_errors": [],
        "is_time_suspect": False,
        "merged_session_id": None,
        "page_url": page["url"],
        "page_host": url.hostname,
        "page_path": url.path,
        "page_query": url.query or None,
        "page_title": page["title"],
        "referrer_url": page.get("referrer"),
        "language": event["language"],
        "screen_width": event["screen"]["width"],
        "screen_height": event["screen"]["height"],
        "viewport_width": event["screen"]["viewport_width"],
        "viewport_height": event["screen"]["viewport_height"],
        "utm_source": campaign.get("utm_source", [None])[0],
        "utm_medium": campaign.get("utm_medium", [None])[0],
        "utm_campaign": campaign.get("utm_campaign", [None])[0],
        "user_agent": dict(request.headers)["User-Agent"][:512],
        "is_bot": "bot" in dict(request.headers)["User-Agent"].lower(),
        "currency": shop.get("currency") or ("BRL" if shop else None),
        "value": _money(shop.get("value", _sum(shop.get("items")))),
        "transaction_id": shop.get("transaction_id"),
        "coupon": shop.get("coupon"),
        "shipping": _money(shop.get("shipping")),
        "tax": _money(shop.get("tax")),
        "items_count": len(shop["items"]) if "items" in shop else None,
        "items_quantity": sum(item["quantity"] for item in shop["items"]) if "items" in shop else None,
        "items": [_item(item) for item in shop["items"]] if "items" in shop else None,
        "search_term": event.get("search_term"),
        "ip_truncated": _truncated(request.ip),
        "consent_analytics": consent.get("analytics"),
        "consent_ads": consent.get("ads"),
        "properties": {**(event.get("properties") or {}), **more} or None,
    }


def differences(request: Request, sent: Sent, row: dict[str, Any]) -> list[str]:
    """Where a row of the lake is not what was posted; empty is well."""
    found = {name: row[name] for name in expected(request, sent)}
    found["properties"] = json.loads(found["properties"]) if found["properties"] else None
    problems = [
        f"{name}: {found[name]!r} instead of {wanted!r}"
        for name, wanted in expected(request, sent).items()
        if found[name] != wanted
    ]
    if "visitor_id" in sent.event and row["visitor_id"] != sent.event["visitor_id"]:
        problems.append(f"visitor_id: {row['visitor_id']}")
    if len(row["raw_sequence"]) != 56 or not row["raw_sequence"].isdigit():
        problems.append(f"raw_sequence: {row['raw_sequence']}")
    return problems + _times(request, sent, row)


BELIEVED = timedelta(minutes=5)
"""A clock that is off by no more than this is believed (docs/sessions.md)."""


def _times(request: Request, sent: Sent, row: dict[str, Any]) -> list[str]:
    problems = []
    at, received = row["event_at"], row["received_at"]
    believed = request.sent_at is None or abs(received - _moment(request.sent_at)) <= BELIEVED
    if believed:
        if at != _moment(sent.event["ts"]):
            problems.append(f"event_at: {at} instead of {_moment(sent.event['ts'])}")
    elif request.sent_at is not None and received - at != timedelta(
        milliseconds=request.sent_at - sent.event["ts"]
    ):
        problems.append(f"event_at: {received - at} before its arrival")
    day = at.replace(tzinfo=UTC).astimezone(ZoneInfo("America/Sao_Paulo")).date()
    if row["event_date"] != day:
        problems.append(f"event_date: {row['event_date']} instead of {day}")
    if row["is_late"] != (received - at > timedelta(hours=1)):
        problems.append(f"is_late: {row['is_late']} at {received - at}")
    if not row["session_started_at"] <= received or not row["session_id"]:
        problems.append(f"session: {row['session_id']} from {row['session_started_at']}")
    return problems


def _money(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(Decimal("0.0001"))


def _kept(text: str, event: dict[str, Any]) -> str:
    """A URL without click ids, where the visitor has refused ads."""
    if (event.get("consent") or {}).get("ads") is False:
        return re.sub(r"\b(gclid|fbclid|ttclid)=[^&]*", r"\1=removed", text)
    return text


def _sum(items: list[dict[str, Any]] | None) -> float | None:
    """What an event is worth that does not say it."""
    if items is None:
        return None
    return sum((item["price"] - item.get("discount", 0)) * item["quantity"] for item in items)


def _item(item: dict[str, Any]) -> dict[str, Any]:
    whole = {name: item.get(name) for name in ITEM}
    return whole | {"price": _money(item["price"]), "discount": _money(item.get("discount"))}


def _truncated(ip: str) -> str:
    prefix = 24 if ip_address(ip).version == 4 else 48
    return str(ip_network(f"{ip}/{prefix}", strict=False).network_address)


def _moment(ms: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).replace(tzinfo=None)
