"""The whole core over raw records in a file: JSON lines in, JSON lines out, one shard, no server."""

from collections import Counter
from collections.abc import Iterable
from typing import BinaryIO

from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from schemas import Sites

PACK_EVERY = 50_000
"""Records after which visitors are packed: memory stays bounded in a backfill."""


def run(
    lines: Iterable[bytes],
    sites: Sites,
    enrich: Enrich,
    enriched: BinaryIO,
    rejected: BinaryIO | None,
    session_ends: BinaryIO | None = None,
    cart_events: BinaryIO | None = None,
) -> Counter[str]:
    """Raw records, one a line in stream order → enriched events in the same order.

    The sequence number of a record is its line number, so the same file gives the same bytes.
    """
    state = ShardState()
    counts: Counter[str] = Counter()
    for number, data in enumerate(lines, start=1):
        record = data.strip()
        if not record:
            continue
        outcome = process(Incoming(number, record), sites, enrich, state)
        enriched.writelines(outcome.lines)
        for file, rows in (
            (rejected, outcome.rejected),
            (session_ends, outcome.session_ends),
            (cart_events, outcome.cart_events),
        ):
            if file is not None:
                file.writelines(rows)
        counts.update(outcome.counts)
        if number % PACK_EVERY == 0:
            state.mark_saved(state.dirty_visitors())
    return counts
