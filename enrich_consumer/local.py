"""The whole core over raw records in a file: JSON lines in, JSON lines out, one shard, no server."""

from collections import Counter
from collections.abc import Iterable
from typing import BinaryIO

from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState, stale_visitors
from schemas import Sites

TIDY_EVERY = 50_000
"""Records between two looks for visitors that can be forgotten: memory stays bounded in a backfill."""


def run(
    lines: Iterable[bytes], sites: Sites, enrich: Enrich, enriched: BinaryIO, rejected: BinaryIO | None
) -> Counter[str]:
    """Raw records, one a line in stream order → enriched events in the same order.

    The sequence number of a record is its line number, so the same file gives the same bytes.
    """
    state = ShardState()
    counts: Counter[str] = Counter()
    retention = max(site.session.retention_ms for site in sites.by_name.values())
    for number, data in enumerate(lines, start=1):
        record = data.strip()
        if not record:
            continue
        outcome = process(Incoming(number, record), sites, enrich, state)
        enriched.writelines(outcome.lines)
        if rejected is not None:
            rejected.writelines(outcome.rejected)
        counts.update(outcome.counts)
        if number % TIDY_EVERY == 0:
            state.mark_saved(state.dirty_visitors())
            state.evict(stale_visitors(state.saved.items(), state.watermark, retention))
    return counts
