"""Who sent the visitor: the referring page, and the channel that follows from it and the campaign."""

from functools import lru_cache

from enrich_consumer.core.engine.context import Referrer
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.parsing import clean_urls, urls
from enrich_consumer.core.parsing.channels import Traffic, channel_of
from enrich_consumer.core.parsing.pii import scrub
from enrich_consumer.core.record import Row
from enrich_consumer.core.tables import known_sites
from enrich_consumer.core.tables.click_ids import CLICK_PARAMETERS
from enrich_consumer.core.tables.ga4_sources import KIND_OF_SOURCE
from enrich_consumer.core.tables.no_source_hosts import is_no_source
from reference_data.lookups import References
from schemas import Column

CHANNELS = 4096
LONGEST_CACHED = 128
"""Characters of all that a channel follows from, together."""
LONGEST_TERM = 512
_NETWORKS = {network.name: network for network in CLICK_PARAMETERS.values()}


def columns_of(
    url: str, page_host: str | None, hosts: tuple[str, ...], no_source_hosts: tuple[str, ...] = ()
) -> Row:
    """The columns of one referrer, for a page of `page_host` in a shop with these host names and these hosts that are
    no source, beside the table's."""
    text, parts = clean_urls.find(url)
    host = parts.host
    if host is None:
        return {}
    row: Row = {"referrer_url": text, "referrer_host": host}
    if host == page_host or host in hosts or any(host.endswith("." + ours) for ours in hosts):
        row["referrer_medium"] = "internal"
        return row
    if is_no_source(host, no_source_hosts):
        row["referrer_medium"] = "no_source"
        return row
    site = known_sites.find(host)
    if site is None:
        row["referrer_medium"] = "referral"
        row["referrer_source"] = host.removeprefix("www.")
        return row
    row["referrer_medium"] = site.medium
    row["referrer_source"] = site.source
    if site.terms:
        found = urls.parameters(parts.query)
        term = next((found[name] for name in site.terms if name in found), None)
        if term:
            row["referrer_term"] = scrub(term[:LONGEST_TERM])
    return row


_MEDIUMS = {"search": "organic", "ai": "ai-assistant", "email": "email", "referral": "referral"}


def channel(
    utm_source: str | None,
    utm_medium: str | None,
    utm_campaign: str | None,
    click_network: str | None,
    referrer_medium: str | None,
    referrer_source: str | None,
) -> str | None:
    """The channel group; None for a step inside the shop or back from a page that is no source: it has none of its own.

    The campaign's parameters speak first, then the click id, then the referrer, then it is direct.
    """
    campaign = (utm_campaign or "").lower()
    network = _NETWORKS.get(click_network) if click_network else None
    if utm_source or utm_medium:
        source = (utm_source or (network.source if network else "(not set)")).lower()
        medium = (utm_medium or (network.medium if network else "(not set)")).lower()
    elif network:
        source, medium = network.source, network.medium
    elif referrer_medium in {"internal", "no_source"}:
        return None
    elif referrer_source:
        source, medium = referrer_source, _MEDIUMS.get(referrer_medium or "", "referral")
    else:
        source, medium = "(direct)", "(none)"
    return channel_of(Traffic(source, medium, campaign, _category(source)))


def _category(source: str) -> str | None:
    """The kind of a source: by Google's list, by our name of a site, by its host."""
    if found := KIND_OF_SOURCE.get(source) or known_sites.MEDIUM_OF_SOURCE.get(source):
        return found
    host = urls.split(source).host if "://" in source else source
    site = known_sites.find(host) if host and "." in host else None
    return site.medium if site else None


def _build(_: References) -> Step:
    cached = lru_cache(CHANNELS)(channel)

    def per_referrer(referrer: Referrer, row: Row) -> None:
        if url := referrer.url:
            site = referrer.site
            row.update(columns_of(url, referrer.page_host, site.hosts, site.no_source_hosts))
        parts_of_channel = (
            referrer.utm_source,
            referrer.utm_medium,
            referrer.utm_campaign,
            referrer.click_network,
            row.get("referrer_medium"),
            row.get("referrer_source"),
        )
        is_short = sum([len(text) for text in parts_of_channel if text]) <= LONGEST_CACHED
        found = cached(*parts_of_channel) if is_short else channel(*parts_of_channel)
        if found:
            row["channel"] = found

    return Step(per_referrer=per_referrer, caches={"channel": cached.cache_info})


ENRICHMENT: Enrichment = Enrichment(
    name="referrer",
    description="The page that sent the visitor, and GA4's default channel group.",
    provides=(
        Column("referrer_url", "string", "URL of the page that led here, without secrets."),
        Column("referrer_host", "string", "Its host, lower case."),
        Column(
            "referrer_medium",
            "string",
            "search, social, email, video, shopping, ai, internal (the shop itself), no_source (payment, sign-in and "
            "such, where the visit comes back from) or referral (any other).",
        ),
        Column("referrer_source", "string", "Name of a known site, for example google; else the host."),
        Column("referrer_term", "string", "Search term on the referring site, where it still sends one."),
        Column(
            "channel",
            "string",
            "GA4's default channel group of this event; null for a step inside the shop or back from a no_source page.",
        ),
    ),
    requires=("page_host", "utm_source", "utm_medium", "utm_campaign", "click_network"),
    build=_build,
)
