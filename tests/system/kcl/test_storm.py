"""Many faults in a row, drawn by a seed; for `make soak`. RASTRO_STORM=rounds, RASTRO_SEED=seed."""

import os
import random
import signal
import time

import pytest

from tests.system.kcl.daemons import Daemon
from tests.system.kcl.fleet import Fleet

SEED = int(os.environ.get("RASTRO_SEED", "1"))
ROUNDS = int(os.environ.get("RASTRO_STORM", "20"))

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.kcl,
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(os.environ.get("RASTRO_SOAK") != "1", reason="long: RASTRO_SOAK=1 runs it"),
]


def _hurt(fleet: Fleet, victim: Daemon, shard: str, rng: random.Random) -> str:
    fault = rng.choice(("child", "daemon", "group", "stop", "stop group", "freeze", "raise"))
    if fault == "child":
        os.kill(victim.child(shard), signal.SIGKILL)
    elif fault == "daemon":
        victim.send(signal.SIGKILL)
    elif fault == "group":
        victim.send_group(signal.SIGKILL)
    elif fault == "stop":
        victim.send(signal.SIGTERM)
    elif fault == "stop group":
        victim.send_group(signal.SIGTERM)
    elif fault == "freeze":
        victim.send_group(signal.SIGSTOP)
        time.sleep(rng.uniform(1, 20))  # the fault itself: shorter and longer than a lease lasts
        victim.send_group(signal.SIGCONT)
    else:
        fleet.set_fault("raise")
    return fault


def test_a_storm_of_faults(fleet: Fleet) -> None:
    rng = random.Random(SEED)
    for number in range(ROUNDS):
        victim = rng.choice(fleet.pair())
        (shard,) = fleet.shards(victim)
        fleet.mid_batch(shard, rng.randrange(300, 700))
        fault = _hurt(fleet, victim, shard, rng)
        fleet.clear_fault("slow")
        fleet.put(rng.randrange(50, 200))
        if not fleet.alive():
            fleet.start()
        fleet.settle(f"seed {SEED}, round {number}, {fault}")


def test_a_split_and_a_merge_with_kills(resharding: Fleet) -> None:
    fleet, streams = resharding, resharding.streams
    fleet.put(200)
    daemon = fleet.start()
    fleet.has_all(daemon, daemon.started_at)
    low, high = streams.open_shards()
    fleet.mid_batch(low["ShardId"])
    streams.split(low)
    daemon.send(signal.SIGKILL)  # before the parent's end was read
    fleet.clear_fault("slow")
    fleet.put(150)
    daemon.wait_end()
    daemon = fleet.start()
    fleet.has_all(daemon, daemon.started_at)
    _, middle, _ = streams.open_shards()
    streams.merge(middle, high)
    fleet.put(150)
    daemon.send_group(signal.SIGKILL)
    daemon.wait_end()
    daemon = fleet.start()
    fleet.has_all(daemon, daemon.started_at)
    fleet.put(100)
    fleet.settle("a split and a merge with kills")
