"""A thousand shards on paper: KCL 2's rules of leases (`lease_rules.py`) simulated with the product's settings.

For each scenario: how long no one reads a shard, how long until all tasks hold the same, how many leases move (each
is a state restored from S3), the most shards that one task ever held, and what the lease table costs.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.lease_rules import Fleet, Rules
from rastro.terminal.tables import table

HELP = "leases at a thousand shards: a simulation of KCL's rules"

LEASE_BYTES = 400
"""Of an item of the lease table, about: keys, owner, counters, two checkpoints."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--shards", type=int, default=1000, help="of the raw stream (default 1000)")
    add("--tasks", type=int, default=125, help="of the consumer (default 125, eight shards each)")
    add("--failover", type=float, default=4.0, help="seconds, failoverTimeMillis (default 4)")
    add("--steal", type=int, default=4, help="maxLeasesToStealAtOneTime (default 4)")
    add("--most", type=int, default=0, help="maxLeasesForWorker; 0: none, as the product (default 0)")
    add("--seed", type=int, default=1)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Every scenario, each with a fleet of its own."""
    rules = Rules(args.failover, args.steal, args.most or 1_000_000)
    rows = [
        {"scenario": name, **scenario(name, rules, args.shards, args.tasks, args.seed)} for name in SCENARIOS
    ]
    print(table(rows), file=sys.stderr)
    cost = table_load(rules, args.shards, args.tasks)
    print(
        f"lease table: {cost['scan_read_units_per_s']:,.0f} read units a second by scans,"
        f" {cost['renewal_writes_per_s']:,.0f} writes a second by renewals",
        file=sys.stderr,
    )
    figures: dict[str, Any] = {"shards": args.shards, "tasks": args.tasks, **cost}
    for row in rows:
        name = row.pop("scenario").replace(" ", "_")
        figures |= {f"{name}_{key}": value for key, value in row.items()}
    return figures


def scenario(name: str, rules: Rules, shards: int, tasks: int, seed: int) -> dict[str, Any]:
    """The figures of one scenario: seconds, and counts."""
    fleet = Fleet(rules, seed)
    balanced = SCENARIOS[name](fleet, shards, tasks)
    pauses = sorted(fleet.pauses)
    return {
        "shards_paused": len(pauses),
        "pause_p50_s": round(pauses[len(pauses) // 2], 1) if pauses else 0.0,
        "pause_p99_s": round(pauses[int(len(pauses) * 0.99)], 1) if pauses else 0.0,
        "pause_max_s": round(pauses[-1], 1) if pauses else 0.0,
        "balanced_after_s": round(balanced, 1),
        "moves": fleet.moves,
        "most_in_a_task": fleet.most_held,
    }


def table_load(rules: Rules, shards: int, tasks: int) -> dict[str, float]:
    """Of the lease table. A scan reads in units of 4 KB, strongly consistent; a renewal is one write of 1 KB."""
    pages = shards * LEASE_BYTES / 4096
    return {
        "scan_read_units_per_s": round(tasks * pages / rules.scan_every, 1),
        "renewal_writes_per_s": round(shards / rules.renew_every, 1),
    }


def _steady(fleet: Fleet, shards: int, tasks: int) -> None:
    """A fleet that has long been balanced."""
    fleet.add_workers(tasks, within=fleet.rules.scan_every)
    fleet.add_shards(shards)
    names = list(fleet.workers)
    for number, lease in enumerate(fleet.leases.values()):
        lease.owner, lease.fresh, lease.idle_since = names[number % tasks], False, None
    fleet.run(fleet.rules.scan_every * 3)
    fleet.pauses.clear()
    fleet.moves = fleet.most_held = 0


def first_start(fleet: Fleet, shards: int, tasks: int) -> float:
    """All tasks start within a minute at a stream nobody has read."""
    fleet.add_shards(shards)
    fleet.add_workers(tasks, within=60.0)
    return fleet.until(limit=1800)


def a_task_dies(fleet: Fleet, shards: int, tasks: int) -> float:
    """Kill -9; ECS has another one up after a minute."""
    _steady(fleet, shards, tasks)
    fleet.kill("task-0001")
    fleet.run(60.0)
    fleet.add_workers(1)
    return 60.0 + fleet.until(limit=1800)


def a_tenth_dies(fleet: Fleet, shards: int, tasks: int) -> float:
    """Their zone is gone."""
    _steady(fleet, shards, tasks)
    for name in list(fleet.workers)[: max(1, tasks // 10)]:
        fleet.kill(name)
    return fleet.until(limit=1800)


def a_task_comes(fleet: Fleet, shards: int, tasks: int) -> float:
    """One more than there were."""
    _steady(fleet, shards, tasks)
    fleet.add_workers(1)
    return fleet.until(limit=1800)


def tasks_doubled(fleet: Fleet, shards: int, tasks: int) -> float:
    """Auto scaling doubles half of the tasks."""
    _steady(fleet, shards, max(1, tasks // 2))
    fleet.add_workers(tasks - max(1, tasks // 2), within=30.0)
    return fleet.until(limit=1800)


def deployment(fleet: Fleet, shards: int, tasks: int) -> float:
    """Rolling: a tenth at a time, the new ones first, the old ones stop thirty seconds later."""
    _steady(fleet, shards, tasks)
    old = list(fleet.workers)
    batch = max(1, tasks // 10)
    start = fleet.now
    for at in range(0, tasks, batch):
        leaving = old[at : at + batch]
        fleet.add_workers(len(leaving), within=10.0)
        fleet.run(30.0)
        for name in leaving:
            fleet.stop(name)
        fleet.run(30.0)
    return fleet.now - start + fleet.until(limit=1800)


def shards_doubled(fleet: Fleet, shards: int, tasks: int) -> float:
    """UpdateShardCount to the double: every shard is split, at the same moment (AWS spreads it over minutes)."""
    _steady(fleet, shards // 2, tasks)
    fleet.split_all()
    return fleet.until(limit=1800)


SCENARIOS: dict[str, Callable[[Fleet, int, int], float]] = {
    "first start": first_start,
    "a task dies": a_task_dies,
    "a tenth dies": a_tenth_dies,
    "a task comes": a_task_comes,
    "tasks doubled": tasks_doubled,
    "deployment": deployment,
    "shards doubled": shards_doubled,
}
