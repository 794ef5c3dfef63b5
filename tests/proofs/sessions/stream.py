"""The real core over a history: raw records as bytes in, enriched lines out, cut and restarted at will."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import orjson

from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.enrichments import ENRICHMENTS, References, build
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from enrich_consumer.session_log.format import Header, Kind, decode, encode
from schemas import Sites, parse_sites
from tests.proofs.sessions.history import MINUTE, History, Record, Rule
from tests.support.raw_records import raw_record

Row = dict[str, Any]


@cache
def enrich() -> Enrich:
    """Only what sessions need; the other columns stay null."""
    return build(References(), [spec.name for spec in ENRICHMENTS if spec.required])


def sites(rules: Mapping[str, Rule]) -> Sites:
    """The settings document of these rules, read as the consumer reads it."""
    return _sites(tuple(sorted(rules.items())))


@cache
def _sites(rules: tuple[tuple[str, Rule], ...]) -> Sites:
    document = {
        name: {
            "keys": [f"pk_test_{name}"],
            "session": {
                "gap_minutes": rule.gap / MINUTE,
                "max_length_minutes": rule.longest / MINUTE,
                "lateness_minutes": rule.lateness / MINUTE,
            },
        }
        for name, rule in rules
    }
    return parse_sites(json.dumps({"version": 1, "sites": document}))


def raw(record: Record) -> bytes:
    """The record as ingest would write it."""
    return orjson.dumps(
        raw_record(
            *({"event_id": name, "event": "page_view", "ts": ts} for name, ts in record.events),
            site=record.site,
            visitor_id=record.visitor,
            received_at=record.received_at,
            sent_at=record.sent_at,
        )
    )


def batches(history: History, cut_after: Callable[[int], bool]) -> Iterator[list[Incoming]]:
    """The history's records in batches; `cut_after(n)` tells whether one ends after record n (from 1)."""
    batch: list[Incoming] = []
    for number, record in enumerate(history.records, start=1):
        batch.append(Incoming(number, raw(record)))
        if cut_after(number):
            yield batch
            batch = []
    if batch:
        yield batch


def run(history: History) -> list[bytes]:
    """Every line that comes out, from one process that never stops."""
    state = ShardState()
    return [
        line
        for batch in batches(history, lambda _: False)
        for incoming in batch
        for line in _lines(incoming, history, state)
    ]


def run_in_pieces(history: History, cut_after: Callable[[int], bool]) -> list[bytes]:
    """The same, but after each batch the process ends and the next one starts from what was saved.

    The saved state goes through the bytes of the session log, and memory is tidied every time.
    """
    state = ShardState()
    lines: list[bytes] = []
    for batch in batches(history, cut_after):
        for incoming in batch:
            lines += _lines(incoming, history, state)
        state.mark_saved(state.dirty_visitors())
        state = restarted(state)
    return lines


def _lines(incoming: Incoming, history: History, state: ShardState) -> Iterable[bytes]:
    outcome = process(incoming, sites(history.rules), enrich(), state)
    assert not outcome.rejected, outcome.rejected
    return outcome.lines


def restarted(state: ShardState) -> ShardState:
    """What the next process makes of the bytes of the log."""
    header = Header(Kind.SNAPSHOT, "test", "shard", 0, -1, "writer", state.sequence, state.watermark, 1)
    found, visitors = decode(encode(header, state.saved))
    return ShardState(visitors, sequence=found.sequence, watermark=found.watermark)
