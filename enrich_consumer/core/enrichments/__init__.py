"""The enrichments: one ordered list.

Each is one file that owns its columns, its function and its description; a new one is its file and a line.
"""

from collections.abc import Sequence

from enrich_consumer.core.engine.enrichment import Enrichment
from enrich_consumer.core.engine.registry import EnrichmentsError, columns_of, select
from enrich_consumer.core.engine.runner import Runner
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.enrichments import (
    bot,
    campaign,
    ecommerce,
    event_time,
    geo,
    page,
    privacy,
    referrer,
    user_agent,
)
from reference_data.lookups import References
from schemas import Column

__all__ = [
    "ENRICHMENTS",
    "Enrich",
    "EnrichmentsError",
    "References",
    "Runner",
    "build",
    "check",
    "columns",
    "runner",
]

ENRICHMENTS: tuple[Enrichment, ...] = (
    event_time.ENRICHMENT,  # everything after may ask when it happened
    page.ENRICHMENT,  # campaign and referrer read the page's URL
    campaign.ENRICHMENT,  # the channel follows from the campaign first of all
    referrer.ENRICHMENT,  # needs the page's host, to know the shop's own pages, and the campaign
    user_agent.ENRICHMENT,  # the bot's verdict reads it
    geo.ENRICHMENT,  # needs the full IP address, so before privacy; the network is a reason for the bot's verdict
    bot.ENRICHMENT,  # needs the agent, the device's class and the network
    ecommerce.ENRICHMENT,  # its texts are scrubbed, so before privacy
    privacy.ENRICHMENT,  # last: nothing may add a text behind it
)


def columns() -> tuple[Column, ...]:
    """Every column of the enriched table in its order, with who writes it."""
    return columns_of(ENRICHMENTS)


def check(names: Sequence[str] | None) -> None:
    """Raise EnrichmentsError as `build` would, without building anything."""
    select(names, ENRICHMENTS)


def build(references: References, names: Sequence[str] | None = None) -> Enrich:
    """Make the function that enriches a record; `names` None means all of the list.

    Raises:
        EnrichmentsError: an unknown name, or a requirement that is not met.
    """
    return runner(references, names).enrich


def runner(references: References, names: Sequence[str] | None = None) -> Runner:
    """The same with the counters of its caches."""
    return Runner(select(names, ENRICHMENTS), references)
