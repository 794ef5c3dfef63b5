"""Both ends of the raw stream: whatever ingest puts, the consumer's core takes."""

import json
from collections import Counter

from enrich_consumer.core.decode import decode
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming, Record, Row
from enrich_consumer.core.sessions.shard_state import ShardState
from schemas import parse_sites
from tests.ingest_lambda.doubles import NOW, PAGE_VIEW, SITES, Bench, gateway
from tests.ingest_lambda.hostile import ATTACKS

LOADED = parse_sites(json.dumps(SITES))


def incoming(bench: Bench) -> list[Incoming]:
    return [Incoming(number, entry.data, NOW) for number, entry in enumerate(bench.stream.stored)]


def test_every_record_of_ingest_is_decoded() -> None:
    """Also what hostile requests become."""
    bench = Bench()
    events = [PAGE_VIEW, {"event": "x"}, PAGE_VIEW | {"ts": "2026-11-21T21:19:58Z", "more": 1}]
    bench.post(gateway({"sent_at": NOW, "events": events}))
    for attack in ATTACKS:
        bench.post(attack.make())

    records = [decode(one, LOADED) for one in incoming(bench)]

    assert sum(len(record.events) for record in records) > len(ATTACKS) // 3


def test_a_heartbeat_is_nothing_to_the_consumer() -> None:
    """Neither a row nor a rejected one, nor a visitor kept in memory with something in it."""
    bench = Bench()
    assert bench.post(gateway("", method="GET", path="/v1/health"))[0] == 200

    def no_rows(record: Record) -> list[Row]:
        assert record.events == []
        return []

    state = ShardState()
    (one,) = incoming(bench)
    outcome = process(one, LOADED, no_rows, state)

    assert (outcome.lines, outcome.rejected) == ([], [])
    assert +Counter(outcome.counts) == Counter(records=1, ticks=1)
