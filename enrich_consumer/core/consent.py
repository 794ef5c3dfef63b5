"""What a visitor said of analytics and ads, for enrichments and for carts."""

from typing import Any

from enrich_consumer.core.record import Event, Record


def answer(value: Any) -> bool | None:
    """One choice, null if they were not asked. What cannot be understood counts as refused."""
    return value if value is None or type(value) is bool else False


def refuses_ads(record: Record, ads: bool | None) -> bool:
    """No consent to ads; Global Privacy Control speaks for those who were not asked."""
    return ads is False or (ads is None and record.site.honour_gpc and record.headers.get("sec_gpc") == "1")


def refuses_any(record: Record, event: Event) -> bool:
    """No consent to analytics or to ads."""
    consent = event.get("consent") or {}
    return answer(consent.get("analytics")) is False or refuses_ads(record, answer(consent.get("ads")))
