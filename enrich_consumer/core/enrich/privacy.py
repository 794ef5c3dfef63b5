"""The last of all: what must not reach the lake is taken out here. What stays when: docs/enrichments.md."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from enrich_consumer.core.enrich import urls
from enrich_consumer.core.enrich.addresses import LONGEST, by_policy, spellings
from enrich_consumer.core.enrich.campaign import CLICK_IDS
from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.scrub import SENSITIVE_KEYS, has_digits, scrub, scrub_value
from enrich_consumer.core.enrich.spec import Spec, Step
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

ADDRESSES = 32768
TEXTS = 16384
LONGEST_CACHED = 512

OF_THE_QUERY = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id", "click_id")
OTHERS = ("page_title", "referrer_url", "referrer_term", "search_term", "user_id", "coupon", "user_agent")
GUARDED = (
    "page_url",
    "page_path",
    "page_query",
    *OF_THE_QUERY,
    *OTHERS,
    "utm_source_platform",
    "utm_creative_format",
    "utm_marketing_tactic",
    "visitor_id",
    "transaction_id",
    "items",
)
"""Lost when this enrichment fails: they may hold what must not leave."""

WITHOUT_ANALYTICS = ("user_id", "ip_truncated", "geo_postal_code", "geo_latitude", "geo_longitude")
_ADDRESSES_OF_PAGES = ("page_url", "page_query", "referrer_url")
_CLICKS = frozenset(CLICK_IDS)

Clean = Callable[[str], str]


def properties_text(properties: dict[str, Any]) -> str:
    """The properties as JSON text, scrubbed.

    Raises:
        TypeError, ValueError, RecursionError: nested too deep to be written.
    """
    data = orjson.dumps(properties)
    nested = data.count(b"{") > 1
    if (
        nested
        or b"@" in data
        or b"%40" in data
        or any(key.lower() in SENSITIVE_KEYS for key in properties)
        or has_digits(data.decode())
    ):
        data = orjson.dumps(scrub_value(properties))
    return data.decode()


def without_clicks(url: str) -> str:
    """An address, or a query alone, without the values of click ids."""
    head, mark, query = url.rpartition("?")
    query, hash_, fragment = query.partition("#")
    return head + mark + urls.without_values(query, _CLICKS) + hash_ + fragment


def _apply_consent(record: Record, row: Row) -> None:
    if row["consent_analytics"] is False:
        for column in WITHOUT_ANALYTICS:
            row[column] = None
    ads = row["consent_ads"]
    if ads is None and record.site.honour_gpc and record.headers.get("sec_gpc") == "1":
        ads = False  # Global Privacy Control speaks for those who were not asked
    if ads is False:
        row["click_id"] = None
        for column in _ADDRESSES_OF_PAGES:
            if row[column]:
                row[column] = without_clicks(row[column])


def _take_out(row: Row, written: tuple[str, ...], instead: str) -> None:
    """Take an address out of every text of the row."""
    pattern = re.compile("|".join(re.escape(one) for one in written), re.IGNORECASE)

    def clean(value: Any) -> Any:
        match value:
            case str():
                return pattern.sub(instead, value)
            case list():
                return [clean(one) for one in value]
            case dict():
                return {key: clean(one) for key, one in value.items()}
            case _:
                return value

    for column, value in row.items():
        if value is not None and column != "ip_truncated":
            row[column] = clean(value)


def _echoes(record: Record, written: tuple[str, ...]) -> bool:
    """Whether the client's address is written anywhere else in the record."""
    rest = (record.events, record.user_agent, record.visitor_id, record.headers)
    data = orjson.dumps(rest)
    if ":" in written[0] or "%" in written[0]:
        data = data.lower()
    return any(one.encode() in data for one in written)


def _scrub_texts(row: Row, clean: Clean) -> None:
    url = row["page_url"]
    if url:
        cleaned = clean(url)
        if cleaned is not url:
            row["page_url"] = cleaned
            row["page_path"] = clean(row["page_path"] or "") or None
        query = row["page_query"]
        if query:
            row["page_query"] = clean(query)
            for column in OF_THE_QUERY:
                if row[column]:
                    row[column] = clean(row[column])
    for column in OTHERS:
        text = row[column]
        if text:
            row[column] = clean(text)


def _told(event: Event, row: Row) -> bool:
    consent = event.get("consent")
    if not consent:
        return False
    row["consent_analytics"] = consent.get("analytics")
    row["consent_ads"] = consent.get("ads")
    return True


def _write_properties(event: Event, row: Row) -> None:
    properties = event.get("properties")
    if properties:
        try:
            row["properties"] = properties_text(properties)
        except (TypeError, ValueError, RecursionError):
            row["enrich_errors"].append("privacy")


def _build(_: References) -> Step:
    kept = lru_cache(ADDRESSES)(by_policy)
    ways = lru_cache(ADDRESSES)(spellings)
    cached = lru_cache(TEXTS)(scrub)

    def clean(text: str) -> str:
        return cached(text) if len(text) <= LONGEST_CACHED else scrub(text)

    def per_record(record: Record, row: Row) -> None:
        if record.ip and len(record.ip) <= LONGEST:
            row["ip_truncated"] = kept(record.ip, record.site.ip_policy)

    def per_event(record: Record, event: Event, row: Row) -> None:
        _write_properties(event, row)
        _scrub_texts(row, clean)
        if _told(event, row) or "sec_gpc" in record.headers:
            _apply_consent(record, row)

    def at_last(record: Record, rows: list[Row]) -> None:
        ip = record.ip
        if not ip or record.site.ip_policy == "full" or len(ip) > LONGEST:
            return
        written = ways(ip)
        if _echoes(record, written):
            instead = kept(ip, record.site.ip_policy) or "[ip]"
            for row in rows:
                _take_out(row, written, instead)

    caches = {"privacy.text": cached.cache_info, "privacy.address": kept.cache_info}
    return Step(per_record, per_event, at_last, caches)


SPEC = Spec(
    name="privacy",
    description="Addresses truncated, personal data scrubbed, consent applied.",
    gives=(
        Column(
            "ip_truncated", "string", "The address cut to /24 or /48; whole or null by the site's policy."
        ),
        Column("consent_analytics", "boolean", "What the visitor said; null: not asked."),
        Column("consent_ads", "boolean", "What the visitor said; null: not asked."),
        Column("properties", "string", "Everything else the event carried, as JSON text, scrubbed."),
    ),
    needs=(),  # it cleans what others gave, if they are there
    build=_build,
    guards=GUARDED,
    required=True,
)
