"""What a run without any fault gives, and whether a disturbed run gave the same."""

import json
from collections import defaultdict
from typing import Any, NamedTuple

from enrich_consumer.core import enrichments
from enrich_consumer.core.decimals import as_text, rewritten
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from enrich_consumer.edges.sites import load_sites
from reference_data.lookups import References
from schemas.files import FOLDER
from schemas.session_ends import COLUMNS as SESSION_ENDS
from tests.system.kcl.load import Sent
from tests.system.kcl.streams import Line, Streams, by_visitor, read_all

TICK = "rastro-tick"
SITES = f"file:{FOLDER / 'examples' / 'sites.json'}"


class Expected(NamedTuple):
    """`lines`: enriched events, byte for byte, each visitor's in order. `rejected`: payloads."""

    lines: list[bytes]
    rejected: list[str]


def undisturbed(streams: Streams) -> Expected:
    """The raw stream's records through the core in this process: a visitor's whole history with a state of
    its own, parents before children, so that no shard, batch or eviction has a say."""
    sites = load_sites(SITES)
    enriched = enrichments.build(References())
    states: defaultdict[str, ShardState] = defaultdict(ShardState)
    lines: list[bytes] = []
    rejected: list[str] = []
    for shard in _parents_first(streams.shards()):
        for record in read_all(streams.kinesis, streams.raw, shard):
            incoming = Incoming(int(record["SequenceNumber"]), record["Data"])
            outcome = process(incoming, sites, enriched, states[record["PartitionKey"]])
            lines += [line.rstrip(b"\n") for line in outcome.lines]
            rejected += [json.loads(row)["payload"] for row in outcome.rejected]
    return Expected(lines, rejected)


def final_rows(streams: Streams) -> list[bytes]:
    """The final rows of `session_ends` with the stream's last tick as the end of time: each visitor by themselves."""
    sites = load_sites(SITES)
    enriched = enrichments.build(References())
    states: defaultdict[str, ShardState] = defaultdict(ShardState)
    lines: list[bytes] = []
    last, end = 0, b""
    for shard in _parents_first(streams.shards()):
        for record in read_all(streams.kinesis, streams.raw, shard):
            if record["PartitionKey"] == TICK:
                end = record["Data"]
                continue
            last = int(record["SequenceNumber"])
            incoming = Incoming(last, record["Data"])
            lines += process(incoming, sites, enriched, states[record["PartitionKey"]]).session_ends
    for state in states.values():
        lines += process(Incoming(last + 1, end), sites, enriched, state).session_ends
    texts = as_text(SESSION_ENDS)  # as the consumer delivers amounts
    return [rewritten(line, texts).rstrip(b"\n") for line in lines if json.loads(line)["is_final"]]


def _parents_first(shards: list[dict[str, Any]]) -> list[str]:
    done: list[str] = []
    left = {shard["ShardId"]: shard for shard in shards}
    while left:
        for name, shard in list(left.items()):
            parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
            if not any(parent in left for parent in parents):
                done.append(name)
                del left[name]
    return done


def missing(expected: Expected, lines: list[Line], rejected: list[dict[str, Any]]) -> list[str]:
    """The outcomes that have not left yet: event ids, and payloads of rejected records."""
    events = {line.text for line in lines}
    payloads = {row["payload"] for row in rejected}
    return [json.loads(line)["event_id"] for line in expected.lines if line not in events] + [
        payload for payload in expected.rejected if payload not in payloads
    ]


def assert_same(expected: Expected, lines: list[Line]) -> None:
    """No line that the undisturbed run does not have: no other session, index or column (I2)."""
    different = {line.text for line in lines} - set(expected.lines)
    assert not different, f"{len(different)} lines differ, for example:\n{_difference(different, expected)}"


def compare(
    expected: Expected, sent: list[Sent], lines: list[Line], rejected: list[dict[str, Any]]
) -> dict[str, int]:
    """The ledger. Fails unless the disturbed run gave what the undisturbed one does.

    Lost: an accepted event that is neither delivered nor rejected (I1). Repeats are counted: they may come, and
    are the same byte for byte.
    """
    assert_same(expected, lines)
    wanted = set(expected.lines)
    lost = wanted - {line.text for line in lines}
    assert not lost, f"{len(lost)} of {len(wanted)} lines never left, for example {min(lost)!r}"
    assert {row["payload"] for row in rejected} == set(expected.rejected)

    accepted = {event_id for record in sent for event_id in record.event_ids}
    left = {line.row["event_id"] for line in lines if line.row["event_name"] != "session_merge"}
    assert left == accepted, f"{len(accepted - left)} lost, {len(left - accepted)} never accepted"

    order = by_visitor(json.loads(line) for line in expected.lines)
    assert by_visitor(line.row for line in lines) == order, "a visitor's events left in another order"
    rows = [line.row for line in lines]
    return {
        "accepted": len(accepted),
        "rejected": len(expected.rejected),
        "sessions": len({row["session_id"] for row in rows}),
        "merges": len({row["event_id"] for row in rows if row.get("merged_session_id")}),
        "repeats": len(lines) - len(wanted),
        "lost": 0,
    }


def _difference(different: set[bytes], expected: Expected) -> str:
    row = json.loads(min(different))
    enriched_line: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    enriched_line.update({found["event_id"]: found for found in map(json.loads, expected.lines)})
    other = enriched_line[row["event_id"]]
    if not other:
        return f"an event that should not be: {row}"
    return "\n".join(
        f"{name}: {row.get(name)!r}, undisturbed {other.get(name)!r}"
        for name in row | other
        if row.get(name) != other.get(name)
    )
