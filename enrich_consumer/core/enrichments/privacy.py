"""Runs last and removes what must not reach the lake. docs/enrichments.md lists what stays when."""

from collections.abc import Callable
from functools import lru_cache

from enrich_consumer.core.engine.context import Client, EnrichmentContext, Page
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.engine.shared_columns import drop
from enrich_consumer.core.enrichments.campaign import UTMS
from enrich_consumer.core.parsing import ip_redaction
from enrich_consumer.core.parsing.ip_addresses import by_policy
from enrich_consumer.core.parsing.items import unread_fields
from enrich_consumer.core.parsing.pii import scrub
from enrich_consumer.core.parsing.properties import properties_text, with_unread
from enrich_consumer.core.parsing.url_secrets import without_values
from enrich_consumer.core.record import Event, Record, Reject, Row
from enrich_consumer.core.tables.click_ids import CLICK_IDS
from reference_data.lookups import References
from schemas import Column, Reason
from schemas.ip_addresses import LONGEST_IP

CACHED_IPS = 32768
TEXTS = 16384
LONGEST_CACHED = 512

TEXTS_OF_EVENTS = ("search_term", "user_id", "coupon")
"""Cleaned here; URLs and the columns from them are cleaned where the URLs are parsed."""

GUARDED = (
    "page_url",
    "page_path",
    "page_query",
    *UTMS,
    "click_id",
    "page_title",
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
_URL_COLUMNS = ("page_url", "page_query", "referrer_url")


stored_ip = lru_cache(CACHED_IPS)(by_policy)
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
    if page.title and "page_title" in row:
        row["page_title"] = _scrubbed(page.title)
    if page.without_clicks:
        row.pop("click_id", None)
        for column in _URL_COLUMNS:
            url = row.get(column)
            if url and "=" in url:
                row[column] = without_clicks(url)


def _per_client(client: Client, row: Row) -> None:
    if client.ip and (ip := stored_ip(client.ip[: LONGEST_IP + 1], client.site.ip_policy)):
        row["ip_truncated"] = ip
    if agent := row.get("user_agent"):
        row["user_agent"] = _scrubbed(agent)
    if client.analytics is not None:
        row["consent_analytics"] = client.analytics
    if client.ads is not None:
        row["consent_ads"] = client.ads
    if client.analytics is False:
        drop(row, LOCATION_COLUMNS)


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


def _finalize(record: Record) -> Callable[[Row], None] | None:
    ip = record.ip
    if not ip:
        return None
    instead = stored_ip(ip[: LONGEST_IP + 1], record.site.ip_policy)
    # Ingest has mostly truncated it already: then there is nothing to hide.
    if instead == ip or not ip_redaction.contains_client_ip(record):
        return None
    return lambda row: ip_redaction.redact_client_ip(row, ip, instead or "[ip]")


def _build(_: References) -> Step:
    caches = {"privacy.text": scrubbed.cache_info, "privacy.ip": stored_ip.cache_info}
    return Step(_per_client, _per_page, _per_event, _finalize, caches)


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
