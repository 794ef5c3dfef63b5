"""The last of all: what must not reach the lake is taken out here. What stays when: docs/enrichments.md."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from enrich_consumer.core.enrich import urls
from enrich_consumer.core.enrich.addresses import LONGEST, by_policy, spellings
from enrich_consumer.core.enrich.campaign import CLICK_IDS, UTMS
from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.scrub import (
    SENSITIVE_KEYS,
    has_digits,
    may_have_digits,
    outline,
    scrub,
    scrub_value,
)
from enrich_consumer.core.enrich.spec import Spec, Step
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

ADDRESSES = 32768
TEXTS = 16384
LONGEST_CACHED = 512

TEXTS_OF_EVENTS = ("page_title", "search_term", "user_id", "coupon")
"""Cleaned here; addresses of pages and what comes out of them are cleaned where they are taken apart."""

GUARDED = (
    "page_url",
    "page_path",
    "page_query",
    *UTMS,
    "click_id",
    *TEXTS_OF_EVENTS,
    "referrer_url",
    "referrer_term",
    "user_agent",
    "visitor_id",
    "transaction_id",
    "items",
)
"""Lost when this enrichment fails: they may hold the client's address."""

WITHOUT_ANALYTICS = ("user_id", "ip_truncated", "geo_postal_code", "geo_latitude", "geo_longitude")
_ADDRESSES_OF_PAGES = ("page_url", "page_query", "referrer_url")
_CLICKS = frozenset(CLICK_IDS)


def _spellings(key: str) -> set[str]:
    first, *rest = key.replace("-", "_").split("_")
    camel = first + "".join(part.capitalize() for part in rest)
    return {key, key.upper(), key.capitalize(), camel, camel[:1].upper() + camel[1:], key.replace("_", "")}


_SENSITIVE = frozenset().union(*map(_spellings, SENSITIVE_KEYS))


def properties_text(properties: dict[str, Any]) -> str:
    """The properties as JSON text, scrubbed.

    Raises:
        TypeError, ValueError, RecursionError: nested too deep to be written.
    """
    data = orjson.dumps(properties)
    seen = outline(data)
    if (
        b"@" in seen
        or seen.find(b"{", 1) > 0  # nested: its keys have to be seen too
        or not _SENSITIVE.isdisjoint(properties)
        or (b"%" in seen and b"%40" in data)
        or (may_have_digits(seen) and has_digits(data))
    ):
        data = orjson.dumps(scrub_value(properties))
    return data.decode()


def without_clicks(url: str) -> str:
    """An address, or a query alone, without the values of click ids."""
    head, mark, query = url.rpartition("?")
    query, hash_, fragment = query.partition("#")
    return head + mark + urls.without_values(query, _CLICKS) + hash_ + fragment


_without_clicks = lru_cache(4096)(without_clicks)


def _apply_consent(record: Record, row: Row) -> None:
    if row.get("consent_analytics") is False:
        for column in WITHOUT_ANALYTICS:
            row.pop(column, None)
    ads = row.get("consent_ads")
    if ads is None and record.site.honour_gpc and record.headers.get("sec_gpc") == "1":
        ads = False  # Global Privacy Control speaks for those who were not asked
    if ads is False:
        row.pop("click_id", None)
        for column in _ADDRESSES_OF_PAGES:
            url = row.get(column)
            if url and "=" in url:
                row[column] = _without_clicks(url)


def _take_out(row: Row, written: tuple[str, ...], instead: str) -> None:
    """Take an address out of every text of the row."""
    longest_first = sorted({one.lower() for one in written}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

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


def _echoes(record: Record, probes: tuple[bytes, ...]) -> bool:
    """Whether the client's address may be written anywhere in the record but in its own field.

    The first probe is in that field. Each is long, which makes a search of the bytes cheap.
    """
    own, *others = probes
    if data := record.data:
        return data.count(own) > 1 or any(one in data for one in others)
    data = orjson.dumps((record.events, record.user_agent, record.visitor_id, record.headers))
    return any(one in data for one in probes)


def probes_of(ip: str) -> tuple[bytes, ...]:
    """What every spelling of the address contains: of a long IPv6 address the first two parts will do."""
    found = dict.fromkeys([ip, *spellings(ip)])
    if ":" in ip and "::" not in ip[:10]:
        found = {_head(one): None for one in found}
    return tuple(one.encode() for one in found)


def _head(spelling: str) -> str:
    colon = ":" if ":" in spelling else spelling[spelling.find("%") :][:3]
    return colon.join(spelling.split(colon)[:2]) + colon if colon else spelling


def _told(event: Event, row: Row) -> bool:
    consent = event.get("consent")
    if not consent:
        return False
    analytics, ads = consent.get("analytics"), consent.get("ads")
    if analytics is not None:
        row["consent_analytics"] = analytics
    if ads is not None:
        row["consent_ads"] = ads
    return analytics is False or ads is False


def _write_properties(properties: dict[str, Any], row: Row) -> None:
    try:
        row["properties"] = properties_text(properties)
    except (TypeError, ValueError, RecursionError):
        row["enrich_errors"].append("privacy")


def _build(_: References) -> Step:
    kept = lru_cache(ADDRESSES)(by_policy)
    cached = lru_cache(TEXTS)(scrub)

    def per_record(record: Record, row: Row) -> None:
        if record.ip and (ip := kept(record.ip[: LONGEST + 1], record.site.ip_policy)):
            row["ip_truncated"] = ip
        if agent := row.get("user_agent"):
            row["user_agent"] = cached(agent)

    def per_event(record: Record, event: Event, row: Row) -> None:
        if properties := event.get("properties"):
            _write_properties(properties, row)
        for column in TEXTS_OF_EVENTS:
            if text := row.get(column):
                row[column] = cached(text) if len(text) <= LONGEST_CACHED else scrub(text)
        if _told(event, row) or "sec_gpc" in record.headers:
            _apply_consent(record, row)

    caches = {"privacy.text": cached.cache_info, "privacy.address": kept.cache_info}
    return Step(per_record, per_event, _echo_finisher(kept), caches)


def _echo_finisher(kept: Callable[[str, str], str | None]) -> Callable[[Record, list[Row]], None]:
    probes = lru_cache(ADDRESSES)(probes_of)

    def at_last(record: Record, rows: list[Row]) -> None:
        ip = record.ip
        if not ip or len(ip) > LONGEST:
            return
        if _echoes(record, probes(ip)):
            instead = kept(ip, record.site.ip_policy) or "[ip]"
            for row in rows:
                _take_out(row, spellings(ip), instead)

    return at_last


SPEC = Spec(
    name="privacy",
    description="Addresses truncated, personal data scrubbed, consent applied.",
    gives=(
        Column(
            "ip_truncated",
            "string",
            "The address cut to /24 or /48, or null by the site's policy; never whole.",
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
