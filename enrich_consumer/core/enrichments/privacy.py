"""Runs last and removes what must not reach the lake. docs/enrichments.md lists what stays when."""

from collections.abc import Callable
from functools import lru_cache

from enrich_consumer.core.engine.context import (
    Agent,
    Browser,
    EnrichmentContext,
    Location,
    Page,
    Referrer,
)
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.engine.shared_columns import drop
from enrich_consumer.core.enrichments.campaign import UTMS
from enrich_consumer.core.parsing import ip_redaction
from enrich_consumer.core.parsing.ip_addresses import by_policy
from enrich_consumer.core.parsing.items import unread_fields
from enrich_consumer.core.parsing.pii import scrub
from enrich_consumer.core.parsing.properties import properties_text, with_unread
from enrich_consumer.core.parsing.url_secrets import without_values
from enrich_consumer.core.record import Event, Reject, Row
from enrich_consumer.core.tables.click_ids import CLICK_IDS
from reference_data.lookups import References
from schemas import Column, Reason
from schemas.ip_addresses import LONGEST_IP

TEXTS = 2048
"""Titles and such that are remembered: those that come all the time."""
LONGEST_CACHED = 512

TEXTS_OF_EVENTS = ("page_title", "search_term", "user_id", "coupon")
"""Cleaned here; URLs and the columns from them are cleaned where the URLs are parsed."""

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
"""Dropped when this enrichment fails: they may hold the client's IP address."""

LOCATION_COLUMNS = frozenset({"ip_truncated", "geo_postal_code", "geo_latitude", "geo_longitude"})
"""Dropped, with the events' `user_id`, when the client refuses analytics."""
_PAGE_URLS = ("page_url", "page_query")


scrubbed = lru_cache(TEXTS)(scrub)


def _scrubbed(text: str) -> str:
    return scrubbed(text) if len(text) <= LONGEST_CACHED else scrub(text)


def _is_click(name: str, _: str) -> bool:
    return name.lower() in CLICK_IDS


def without_clicks(url: str) -> str:
    """A URL, or a query alone, without the values of click ids."""
    return without_values(url, _is_click)


def _write_properties(properties: bytes, row: Row) -> None:
    if properties == b"{}":
        return
    try:
        row["properties"] = properties_text(properties)
    except UnicodeDecodeError as error:
        raise Reject(Reason.RECORD_NOT_JSON, f"properties: {error}") from None
    except (TypeError, ValueError, RecursionError):
        row["enrich_errors"].append("privacy")


def _per_page(page: Page, row: Row) -> None:
    if page.without_clicks:
        row.pop("click_id", None)
        for column in _PAGE_URLS:
            _forget_clicks(row, column)


def _per_referrer(referrer: Referrer, row: Row) -> None:
    if referrer.without_clicks:
        _forget_clicks(row, "referrer_url")


def _forget_clicks(row: Row, column: str) -> None:
    url = row.get(column)
    if url and "=" in url:
        row[column] = without_clicks(url)


def _per_agent(_: Agent, row: Row) -> None:
    if agent := row.get("user_agent"):
        row["user_agent"] = scrub(agent)


def _per_location(location: Location, row: Row) -> None:
    if location.ip and (ip := by_policy(location.ip[: LONGEST_IP + 1], location.ip_policy)):
        row["ip_truncated"] = ip
    if location.without_place:
        drop(row, LOCATION_COLUMNS)


def _per_browser(browser: Browser, row: Row) -> None:
    if browser.analytics is not None:
        row["consent_analytics"] = browser.analytics
    if browser.ads is not None:
        row["consent_ads"] = browser.ads


def _per_event(context: EnrichmentContext, event: Event, row: Row) -> None:
    properties = event.get("properties")
    if (
        (ecommerce := event.get("ecommerce"))
        and type(ecommerce) is dict
        and (unread := unread_fields(ecommerce))
    ):
        properties = with_unread(properties, unread)
    if properties:
        _write_properties(properties, row)
    for column in TEXTS_OF_EVENTS:
        if column in row and (text := row[column]):
            row[column] = _scrubbed(text)
    if context.refuses_analytics and "user_id" in row:
        del row["user_id"]


def _finalize(context: EnrichmentContext) -> Callable[[Row], None] | None:
    record = context.record
    ip = record.ip
    if not ip:
        return None
    # dropped from the columns where the visitor refused analytics
    instead = context.location.get("ip_truncated") or by_policy(ip[: LONGEST_IP + 1], record.site.ip_policy)
    # Ingest has mostly truncated it already: then there is nothing to hide.
    if instead == ip or not ip_redaction.contains_client_ip(record):
        return None
    return lambda row: ip_redaction.redact_client_ip(row, ip, instead or "[ip]")


def _build(_: References) -> Step:
    return Step(_per_agent, _per_location, _per_browser, _per_page, _per_referrer, _per_event, _finalize)


ENRICHMENT: Enrichment = Enrichment(
    name="privacy",
    description="IP address truncated, personal data scrubbed, consent applied.",
    provides=(
        Column(
            "ip_truncated",
            "string",
            "The IP address cut to /24 or /48, or null by the site's policy; never whole.",
        ),
        Column("consent_analytics", "boolean", "The visitor's choice; null if they were not asked."),
        Column("consent_ads", "boolean", "The visitor's choice; null if they were not asked."),
        Column(
            "properties",
            "string",
            "Everything else the event carried, as JSON text, scrubbed; under `ecommerce` its fields without a column.",
        ),
    ),
    requires=(),  # it cleans what others gave, if they are there
    build=_build,
    redacts=GUARDED,
    required=True,
)
