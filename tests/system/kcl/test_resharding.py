"""A split and a merge under load, on the real KCL."""

import pytest

from tests.system.kcl.conftest import Measure
from tests.system.kcl.daemons import wait_for
from tests.system.kcl.fleet import Fleet

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.kcl,
    pytest.mark.slow,
]


def test_sessions_go_on_through_a_split_and_a_merge(resharding: Fleet, measure: Measure) -> None:
    fleet = resharding
    streams = fleet.streams
    fleet.put(200)
    daemon = fleet.start()
    fleet.has_all(daemon, daemon.started_at)

    low, high = streams.open_shards()
    fleet.put(150)
    at = fleet.now()
    streams.split(low)
    fleet.put(200)
    measure("a split: both children are read", fleet.has_all(daemon, at))

    fleet.put(150)
    _, middle, _ = streams.open_shards()
    at = fleet.now()
    streams.merge(middle, high)
    fleet.put(200)
    measure("a merge: the child is read", fleet.has_all(daemon, at))

    fleet.put(150)
    ledger = fleet.settle("a split and a merge")
    assert ledger["repeats"] == 0, "nobody died: nothing is put twice"
    ended = {fields["shard"] for fields in daemon.said("shard ended")}
    assert ended == {low["ShardId"], middle["ShardId"], high["ShardId"]}
    # A parent's state goes once all its children have their own.
    wait_for(
        lambda: not ended & fleet.states(), lambda: f"the parents' state is removed, not {fleet.states()}"
    )
