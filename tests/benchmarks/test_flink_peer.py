"""Flink's job beside our own core on the same records: de-duplication, sessions, and each column.

Needs Maven and its central repository, so it is a soak: `RASTRO_SOAK=1`, and `-s` to see the shares.
"""

import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from benchmarks import peers
from enrich_consumer.core import enrichments
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from rastro.local import emulator, processes
from reference_data.databases import open_references
from schemas import parse_sites
from tests.benchmarks.flink_histories import histories

Row = dict[str, Any]
EVENTS = 5_000
START_S, QUIET_S = 180.0, 20.0
OTHER_DATA = {"browser_name", "browser_version", "os_name", "os_version", "device_class", "bot_name"}
"""Follow from patterns that each library has of another date; `bot_name` also from how a pattern is made a name."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.emulator,
    pytest.mark.skipif(os.environ.get("RASTRO_SOAK") != "1", reason="a soak: RASTRO_SOAK=1"),
    pytest.mark.skipif(not shutil.which("mvn"), reason="mvn is not installed"),
]


class Both(NamedTuple):
    """The rows of both workers for the same records, as they were written."""

    ours: list[Row]
    flink: list[Row]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    home = tmp_path_factory.mktemp("flink-peer")
    peer = peers.PEERS["flink"]
    peer.build()
    aws = emulator.start(home / "emulator", home / "emulator.log")
    try:
        peers.fill(aws, histories(7, EVENTS))
        ours = _ours(aws)
        env = {**os.environ, **emulator.aws_environment(aws.endpoint), **peer.environment()}
        pid = processes.launch(peer.command(home), env, home / "worker.log", cwd=home)
        try:
            yield Both(ours, _written(aws, pid, len(ours), home / "worker.log"))
        finally:
            processes.end(pid, 5.0)
    finally:
        aws.stop()


def _shards(aws: emulator.Emulator, name: str) -> list[str]:
    kinesis = aws.client("kinesis")
    return [
        kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for shard in kinesis.list_shards(StreamName=name)["Shards"]
    ]


def _ours(aws: emulator.Emulator) -> list[Row]:
    """What our core makes of the raw stream, shard by shard."""
    kinesis = aws.client("kinesis")
    sites = parse_sites(Path(peers.data_files()["PEER_SITES"]).read_bytes())
    enrich = enrichments.build(open_references(None, "none"))
    rows = []
    for shard in _shards(aws, "raw"):
        state = ShardState()
        iterator = shard
        while True:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=2000)
            iterator = answer["NextShardIterator"]
            if not answer["Records"]:
                break
            for record in answer["Records"]:
                outcome = process(
                    Incoming(int(record["SequenceNumber"]), record["Data"]), sites, enrich, state
                )
                assert not outcome.rejected
                rows += [orjson.loads(line) for line in outcome.lines]
    return rows


def _written(aws: emulator.Emulator, pid: int, expected: int, log: Path) -> list[Row]:
    """What is in the enriched stream, once there is as much as expected and nothing comes any more."""
    kinesis = aws.client("kinesis")
    iterators = _shards(aws, "enriched")
    rows: list[Row] = []
    last = time.monotonic()
    while time.monotonic() - last < (START_S if not rows else 3.0 if len(rows) >= expected else QUIET_S):
        assert processes.alive(pid), processes.tail(log)
        for index, iterator in enumerate(iterators):
            answer = kinesis.get_records(ShardIterator=iterator, Limit=2000)
            iterators[index] = answer["NextShardIterator"]
            came = [
                orjson.loads(line) for record in answer["Records"] for line in record["Data"].splitlines()
            ]
            if came:
                rows, last = rows + came, time.monotonic()
        time.sleep(0.2)
    return rows


def _events(rows: list[Row]) -> dict[tuple[str, str], Row]:
    """Rows of events, by id and the raw record they came in."""
    return {
        (row["event_id"], row["raw_sequence"]): row for row in rows if row["event_name"] != "session_merge"
    }


def _groups(rows: list[Row], *, follow: bool) -> dict[tuple[str, str], frozenset[tuple[str, str]]]:
    """Each event with those of its session. `follow`: absorbed sessions are a part of the survivor."""
    into = {
        row["merged_session_id"]: row["session_id"]
        for row in rows
        if follow and row["event_name"] == "session_merge"
    }
    members: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for key, row in _events(rows).items():
        session = row["session_id"]
        while session in into:
            session = into[session]
        members[session].add(key)
    return {key: group for group in map(frozenset, members.values()) for key in group}


def _equal_groups(both: Both, visitors: str, *, follow: bool) -> float:
    """The share of the visitors' events whose sessions hold the same events."""
    ours, flink = _groups(both.ours, follow=follow), _groups(both.flink, follow=follow)
    keys = [key for key, row in _events(both.ours).items() if row["visitor_id"].startswith(visitors)]
    return sum(ours[key] == flink.get(key) for key in keys) / len(keys)


def test_copies_are_dropped_alike(both: Both) -> None:
    ours, flink = _events(both.ours), _events(both.flink)
    assert len(both.flink) == len({(row["event_id"], row["raw_sequence"]) for row in both.flink})
    sent = sum(1 for data in histories(7, EVENTS) for _ in orjson.loads(data)["events"])
    print(f"\nevents sent {sent}, kept by ours {len(ours)}, by Flink {len(flink)}")
    assert len(ours) < sent
    assert ours.keys() == flink.keys()


@pytest.mark.parametrize("visitors", ["ordered-", "late-", "long-", "copies-", "example-"])
def test_sessions_hold_the_same_events(both: Both, visitors: str) -> None:
    as_written, followed = (_equal_groups(both, visitors, follow=follow) for follow in (False, True))
    print(f"\n{visitors}: {as_written:.2%} of events in equal sessions as written, {followed:.2%} in the end")
    assert as_written == followed == 1.0


def test_merges_are_told_alike(both: Both) -> None:
    ours, flink = (
        Counter(row["visitor_id"] for row in rows if row["event_name"] == "session_merge") for rows in both
    )
    sessions = {row["session_id"] for row in both.ours}
    print(f"\n{len(sessions)} sessions of ours, {sum(ours.values())} merges, {sum(flink.values())} of Flink")
    assert sum(ours.values()) > 50
    assert ours == flink


def test_columns_are_the_same(both: Both) -> None:
    ours, flink = _events(both.ours), _events(both.flink)
    names = dict.fromkeys(name for row in ours.values() for name in row)
    equal = {
        name: sum(row.get(name) == flink[key].get(name) for key, row in ours.items()) / len(ours)
        for name in names
    }
    known = {column.name for column in enrichments.columns()}
    written = {name for row in both.flink for name in row}
    print(f"\n{len(written)} columns written by Flink, {len(names)} by ours")
    for name, share in sorted(equal.items(), key=lambda one: one[1]):
        if share < 1:
            print(f"{name:24} {share:.2%} equal")
    assert written <= known
    for name in written - {"session_id", "merged_session_id"}:
        assert equal[name] >= (0.95 if name in OTHER_DATA else 1.0), name
