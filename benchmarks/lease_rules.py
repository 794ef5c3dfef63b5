"""How KCL 2 hands out leases, as a simulation: who holds which shard, how long nobody reads one. Pure, seeded.

The rules are those of `DynamoDBLeaseTaker` in awslabs/amazon-kinesis-client 2.x. Every worker scans the lease table
each (failover + 25 ms) x 2 and then takes:

- every lease that nobody has renewed for three times the failover time, whatever its share is, up to its maximum.
  A new lease without an owner counts as one: the first worker to scan takes all of them;
- else, below its share (leases / workers that hold any, itself included, rounded up): free and expired leases up to
  the share;
- else, if there are none: up to `steal` from the worker with most, as far as that one is above the share, and one if
  it is at the share and more than one is needed.

An owner renews every third of the failover time. A lease that was not renewed between two scans of a worker, more than
the failover time apart, is expired for that worker. A stolen lease is lost by its owner at its next renewal.
"""

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

EPSILON = 0.025
VERY_OLD = 3


class Rules(NamedTuple):
    """Seconds. `handover`: from taking a lease to reading: the shard's state is restored, a process started.
    `notice`: from the end of a parent to its children being started (parentShardPollIntervalMillis)."""

    failover: float = 4.0
    steal: int = 4
    most: int = 1_000_000
    handover: float = 1.5
    notice: float = 2.0

    @property
    def scan_every(self) -> float:
        return (self.failover + EPSILON) * 2

    @property
    def renew_every(self) -> float:
        return self.failover / 3 - EPSILON


@dataclass
class Lease:
    """`version` changes with every change of owner; `dead_since`: when its owner stopped renewing, else None."""

    owner: str | None = None
    version: int = 0
    dead_since: float | None = None
    fresh: bool = True
    """Created and never owned: very old to whoever sees it first."""
    idle_since: float | None = None
    """Nobody reads the shard since then."""


@dataclass
class Worker:
    """`seen`: by lease, its version and death at the last scan, and when these last changed for this worker."""

    name: str
    alive: bool = True
    seen: dict[str, tuple[int, bool, float]] = field(default_factory=dict)


class Fleet:
    """Workers and leases on a clock. `pauses`: seconds for which a shard was read by nobody, one entry a time."""

    def __init__(self, rules: Rules, seed: int = 1) -> None:
        self.rules = rules
        self.now = 0.0
        self.leases: dict[str, Lease] = {}
        self.workers: dict[str, Worker] = {}
        self.pauses: list[float] = []
        self.moves = 0
        self.scans = 0
        self.scanned_leases = 0
        self.most_held = 0
        self._rng = random.Random(seed)
        self._scans: list[tuple[float, int, str]] = []
        self._number = 0

    # what happens to the fleet

    def add_workers(self, count: int, within: float = 0.0) -> None:
        """Each begins with a scan at some time within so many seconds."""
        for _ in range(count):
            self._number += 1
            name = f"task-{self._number:04d}"
            self.workers[name] = Worker(name)
            heapq.heappush(self._scans, (self.now + self._rng.random() * within, self._number, name))

    def add_shards(self, count: int, prefix: str = "shard") -> None:
        """New leases without an owner; their shards have data from now on."""
        for number in range(count):
            self.leases[f"{prefix}-{number:05d}"] = Lease(idle_since=self.now)

    def kill(self, name: str) -> None:
        """A task dies at once: nobody renews its leases or reads its shards any more."""
        self.workers[name].alive = False
        for lease in self.leases.values():
            if lease.owner == name:
                lease.dead_since = lease.idle_since = self.now

    def stop(self, name: str) -> None:
        """A task is asked to stop: it saves, then gives its leases back."""
        self.workers[name].alive = False
        for lease in self.leases.values():
            if lease.owner == name:
                lease.owner, lease.idle_since = None, self.now
                lease.version += 1

    def split_all(self) -> None:
        """Every shard into two: the parents' owners create the children's leases as they reach the parents' ends."""
        for key in list(self.leases):
            del self.leases[key]
            for half in "ab":
                self.leases[f"{key}{half}"] = Lease(idle_since=self.now)

    # the clock

    def run(self, seconds: float) -> None:
        """Every scan within so many seconds."""
        end = self.now + seconds
        while self._scans and self._scans[0][0] <= end:
            self.now, number, name = heapq.heappop(self._scans)
            if self.workers[name].alive:
                self._scan(self.workers[name])
                heapq.heappush(self._scans, (self.now + self.rules.scan_every, number, name))
        self.now = end

    def until(self, settled: float = 0.0, limit: float = 3600.0, spread: int = 1) -> float:
        """Until every shard is read and no two workers' holdings differ by more than `spread`; how long that took.
        Gives up after `limit`."""
        start = self.now
        while self.now - start < limit:
            self.run(1.0)
            if self.waiting == 0 and self.imbalance <= spread:
                return self.now - start - settled
        return float("inf")

    # what is seen

    @property
    def holdings(self) -> Counter[str]:
        """Leases by living worker."""
        held = Counter({name: 0 for name, worker in self.workers.items() if worker.alive})
        for lease in self.leases.values():
            if lease.owner is not None and lease.owner in held:
                held[lease.owner] += 1
        return held

    @property
    def waiting(self) -> int:
        """Shards that nobody reads."""
        return sum(lease.idle_since is not None for lease in self.leases.values())

    @property
    def imbalance(self) -> int:
        held = self.holdings.values()
        return max(held) - min(held) if held else 0

    # the rules

    def _scan(self, worker: Worker) -> None:
        self.scans += 1
        self.scanned_leases += len(self.leases)
        free, very_old = [], []
        counts: Counter[str] = Counter({worker.name: 0})
        mine: dict[str, tuple[int, bool, float]] = {}
        for key, lease in self.leases.items():
            dead = lease.dead_since is not None
            before = worker.seen.get(key)
            # A living owner has renewed since the last scan; a dead one, the first time it is seen dead.
            changed = self.now
            if before and before[0] == lease.version and (dead or lease.owner is None) and before[1]:
                changed = before[2]
            elif before is None and lease.fresh:
                changed = float("-inf")
            mine[key] = (lease.version, dead or lease.owner is None, changed)
            age = self.now - changed
            if age > VERY_OLD * self.rules.failover:
                very_old.append(key)
            if lease.owner is None or age > self.rules.failover:
                free.append(key)
            elif lease.owner is not None:
                counts[lease.owner] += 1
        worker.seen = mine
        for key in self._choose(worker, free, very_old, counts):
            self._take(worker, self.leases[key])
        held = sum(lease.owner == worker.name for lease in self.leases.values())
        self.most_held = max(self.most_held, held)

    def _choose(
        self, worker: Worker, free: list[str], very_old: list[str], counts: Counter[str]
    ) -> list[str]:
        rules, held = self.rules, counts[worker.name]
        if not self.leases:
            return []
        if very_old:
            self._rng.shuffle(very_old)
            return very_old[: max(0, rules.most - held)]
        share = 1 if len(counts) >= len(self.leases) else -(-len(self.leases) // len(counts))
        needed = min(share, rules.most) - held
        if needed <= 0:
            return []
        if free:
            self._rng.shuffle(free)
            return free[:needed]
        most, its = max(counts.items(), key=lambda item: item[1])
        if its < share:
            return []
        number = min(needed, its - share)
        if needed > 1 and number == 0:
            number = 1
        candidates = [key for key, lease in self.leases.items() if lease.owner == most]
        self._rng.shuffle(candidates)
        return candidates[: min(number, rules.steal)]

    def _take(self, worker: Worker, lease: Lease) -> None:
        stolen = lease.owner is not None and lease.dead_since is None
        if stolen:  # its owner finds out at its next renewal; what it read meanwhile it cannot save
            lease.idle_since = self.now
        assert lease.idle_since is not None
        begins = self.now + self.rules.handover + (self.rules.notice if lease.fresh else 0.0)
        self.pauses.append(begins - lease.idle_since)
        lease.owner, lease.dead_since, lease.idle_since, lease.fresh = worker.name, None, None, False
        lease.version += 1
        self.moves += 1
