"""Campaign parameters and click ids of the page's URL."""

from collections.abc import Mapping
from functools import lru_cache

from enrich_consumer.core.engine.context import Page
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.parsing import urls
from enrich_consumer.core.parsing.pii import scrub
from enrich_consumer.core.record import Row
from enrich_consumer.core.tables.click_ids import CLICK_IDS, CLICK_PARAMETERS
from reference_data.lookups import References
from schemas import Column

LONGEST = 512
"""Characters of a value that are kept."""
QUERIES = 4096
LONGEST_CACHED = 256
"""Characters of a query with its fragment; what longer ones say is found each time."""

UTMS = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
    "utm_source_platform",
    "utm_creative_format",
    "utm_marketing_tactic",
)


_NOTHING = frozenset(("undefined", "null", "none", "nan", "(not set)"))
"""What programs write where they know no value."""


def columns_of(found: Mapping[str, str]) -> Row:
    """The columns from the parameters of a URL; empty when none of them is of a campaign."""
    row: Row = {}
    for name in UTMS:
        text = found.get(name, "").strip()
        if text and text.lower() not in _NOTHING:
            row[name] = scrub(text[:LONGEST])  # decoded it may show what the escapes hid
    for name, network in CLICK_PARAMETERS.items():
        if click := found.get(name):
            if name in CLICK_IDS:
                row["click_id"] = click[:LONGEST]
            row["click_network"] = network.name
            break
    return row


def _of_parts(query: str | None, fragment: str) -> Row:
    return columns_of({**_of_fragment(fragment), **urls.parameters(query)})


def _of_fragment(fragment: str) -> Mapping[str, str]:
    """Parameters behind the `#`, also behind a hash router's path: `#/produto?utm_source=x`."""
    if "=" not in fragment:
        return {}
    path, mark, query = fragment.partition("?")
    return urls.parameters(query if mark else path)


def _build(_: References) -> Step:
    cached = lru_cache(QUERIES)(_of_parts)

    def per_page(_: Page, row: Row) -> None:
        query = row.get("page_query")
        fragment = row.get("page_url", "").partition("#")[2]
        if query or "=" in fragment:
            is_short = len(query or "") + len(fragment) <= LONGEST_CACHED
            row.update(cached(query, fragment) if is_short else _of_parts(query, fragment))

    return Step(per_page=per_page, caches={"campaign": cached.cache_info})


ENRICHMENT: Enrichment = Enrichment(
    name="campaign",
    description="Campaign parameters (utm_*) and the click id of an advertising network.",
    provides=(
        Column("utm_source", "string", "Who sent the visitor, as the link says."),
        Column("utm_medium", "string", "By which kind of link, for example cpc or email."),
        Column("utm_campaign", "string", "Name of the campaign."),
        Column("utm_term", "string", "Search term that was paid for."),
        Column("utm_content", "string", "Which of several links or creatives."),
        Column("utm_id", "string", "Id of the campaign."),
        Column("utm_source_platform", "string", "Platform that directs the traffic."),
        Column("utm_creative_format", "string", "Type of the creative."),
        Column("utm_marketing_tactic", "string", "For example remarketing or prospecting."),
        Column("click_id", "string", "Click id of the network; null without consent to ads."),
        Column("click_network", "string", "The network that the click id implies, for example google_ads."),
    ),
    requires=("page_url", "page_query"),
    build=_build,
)
