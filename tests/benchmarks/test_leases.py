"""The simulation of leases keeps KCL's rules: shares, expiry, stealing, and who takes what is new."""

import pytest

from benchmarks.lease_rules import Fleet, Rules
from benchmarks.leases import SCENARIOS, scenario


def _balanced(tasks: int, shards: int, rules: Rules | None = None) -> Fleet:
    fleet = Fleet(rules or Rules(), seed=3)
    fleet.add_shards(shards)
    fleet.add_workers(tasks, within=8.0)
    assert fleet.until() < 600
    return fleet


def test_the_first_to_scan_takes_all_new_leases_unless_it_may_not() -> None:
    fleet = Fleet(Rules(), seed=1)
    fleet.add_shards(40)
    fleet.add_workers(5, within=8.0)
    fleet.run(8.0)
    assert fleet.most_held == 40
    limited = Fleet(Rules(most=10), seed=1)
    limited.add_shards(40)
    limited.add_workers(5, within=8.0)
    limited.run(8.1)
    assert limited.most_held == 10
    assert limited.waiting == 0


def test_shares_even_out_and_then_nothing_moves() -> None:
    fleet = _balanced(5, 40)
    assert set(fleet.holdings.values()) == {8}
    before = fleet.moves
    fleet.run(120.0)
    assert fleet.moves == before


def test_a_dead_tasks_shards_wait_between_one_scan_and_four_failover_times() -> None:
    for seed in range(5):
        fleet = Fleet(Rules(), seed)
        fleet.add_shards(40)
        fleet.add_workers(10, within=8.0)
        fleet.until()
        fleet.pauses.clear()
        fleet.kill(next(iter(fleet.workers)))
        fleet.run(60.0)
        assert fleet.waiting == 0
        assert len(fleet.pauses) == 4 + len(
            [pause for pause in fleet.pauses if pause == fleet.rules.handover]
        )
        waited = max(fleet.pauses) - fleet.rules.handover
        # seen dead at a first scan, expired at the second; the first of ten scanners is soon there
        assert fleet.rules.scan_every <= waited <= 4 * fleet.rules.failover + 0.2


def test_what_is_given_back_is_taken_at_the_next_scan() -> None:
    fleet = _balanced(5, 40)
    fleet.pauses.clear()
    fleet.stop(next(iter(fleet.workers)))
    fleet.run(fleet.rules.scan_every * 2)
    assert fleet.waiting == 0
    assert max(fleet.pauses) <= fleet.rules.scan_every + fleet.rules.handover


def test_a_newcomer_steals_so_many_a_scan() -> None:
    fleet = _balanced(4, 40, Rules(steal=1))
    before = fleet.moves
    fleet.add_workers(1)
    fleet.run(fleet.rules.scan_every * 3)
    assert 2 <= fleet.moves - before <= 4


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_ends_with_every_shard_read(name: str) -> None:
    seen = scenario(name, Rules(most=16), shards=64, tasks=8, seed=2)
    assert seen["balanced_after_s"] < 1800
    assert 8 <= seen["most_in_a_task"] <= 16
    assert scenario(name, Rules(most=16), shards=64, tasks=8, seed=2) == seen
