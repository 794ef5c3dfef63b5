"""The enrichments: one ordered list.

Each is one file that owns its columns, its function and its description; a new one is its file and a line.
"""

from collections.abc import Sequence

from enrich_consumer.core.enrich import (
    ecommerce,
    event_time,
    geo,
    page,
    privacy,
    user_agent,
)
from enrich_consumer.core.enrich.assembly import Enrich, EnrichmentsError, assemble, columns_of, select
from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.spec import Spec
from schemas import Column

__all__ = ["ENRICHMENTS", "Enrich", "EnrichmentsError", "References", "build", "columns"]

ENRICHMENTS: tuple[Spec, ...] = (
    event_time.SPEC,  # everything after may ask when it happened
    page.SPEC,  # referrer and campaign compare with the page
    user_agent.SPEC,  # the bot's verdict reads it
    geo.SPEC,  # needs the full address, so before privacy
    ecommerce.SPEC,  # its texts are scrubbed, so before privacy
    privacy.SPEC,  # last: nothing may add a text behind it
)


def columns() -> tuple[Column, ...]:
    """Every column of the enriched table in its order, with who writes it."""
    return columns_of(ENRICHMENTS)


def build(references: References, names: Sequence[str] | None = None) -> Enrich:
    """Make the function that enriches a record; `names` None means all of the list.

    The columns of enrichments that are not wanted stay in the row, null.

    Raises:
        EnrichmentsError: an unknown name, or a need that is not met.
    """
    return assemble(select(names, ENRICHMENTS), columns(), references)
