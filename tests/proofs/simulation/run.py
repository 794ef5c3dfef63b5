"""One history from one seed: a scheduler that serves, crashes, moves, splits and revives."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from enrich_consumer.core import enrichments
from enrich_consumer.core.enriched_event import EnrichedEvent
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.record import Record
from enrich_consumer.core.sessions.shard_state import in_range
from enrich_consumer.core.sessions.visitor import MAX_IDS, unpack
from enrich_consumer.policy import Policy
from enrich_consumer.ports import LeaseLostError, PutRefusedError
from enrich_consumer.session_log.log import SessionLog
from enrich_consumer.session_log.restore import StateError
from enrich_consumer.worker import Worker
from tests.proofs.simulation.faults import CrashError, Fault, Faults
from tests.proofs.simulation.input_records import make_records, sites, tick
from tests.proofs.simulation.invariants import BrokenError, Expected, Invariants, check_rule, numbered
from tests.proofs.simulation.shard_ends import ShardEnds
from tests.proofs.simulation.world import (
    ENDED,
    SimBlobs,
    SimCheckpointer,
    SimRejected,
    SimRows,
    SimSink,
    World,
)

SITES = sites()
ENRICH = enrichments.build(References())
LONG_AFTER = 10 * 24 * 3_600_000
"""Milliseconds: by then every session and cart is over."""
STEPS = 4000
"""A history that is not over by then goes round in circles."""


class Result(NamedTuple):
    """What happened in one history."""

    fired: Counter[str]
    events: int
    processes: int


class Process:
    """One record processor: a worker, and how far it has read its shard."""

    def __init__(self, number: int, shard: str) -> None:
        self.number = number
        self.shard = shard
        self.next = 0
        self.worker: Worker | None = None
        self.tasks: list[Callable[[], None]] = []


def simulate(seed: int, *, damage: bool = False) -> Result:
    """Run the history of `seed`; with `damage`, the session log's objects are altered, cut and lost on the way.

    Raises:
        BrokenError: an invariant does not hold.
    """
    return _Simulation(seed, damage=damage).run()


class _Simulation:
    def __init__(self, seed: int, *, damage: bool) -> None:
        self._damage = damage
        self._refused_start = ""
        self._rng = rng = Random(seed)
        self._records = make_records(rng, SITES, rng.randint(15, 60))
        self._faults = Faults(rng, rng.choice((0.0, 0.03, 0.06, 0.12)))
        self._world = World(rng, self._faults)
        expected = Expected(self._records, SITES, ENRICH)
        check_rule(self._records, expected, SITES)
        self._poison = {number for number, item in numbered(self._records) if item.is_poison}
        self._invariants = Invariants(
            self._world, expected, ShardEnds(self._world, SITES, ENRICH, self._poison)
        )
        self._world.on_zombie = self._take_away
        self._policy = Policy(
            flush_events=rng.choice((1, 4, 20, 1000)),
            flush_seconds=rng.choice((0.0, 5.0)),
            checkpoint_seconds=rng.choice((0.0, 10.0)),
            snapshot_saves=rng.choice((1, 2, 5)),
            put_seconds=rng.choice((0.0, 2.0, None)),
        )
        self._put = 0
        self._now = 0.0
        self._count = 0
        self._owners: dict[str, Process] = {}
        self._zombies: list[Process] = []
        self._depth = 0
        self._is_drained = False

    def run(self) -> Result:
        for _ in range(STEPS):
            if self._refused_start:
                self._invariants.judge_stopped()
                self._faults.fired[f"stopped by {self._refused_start}"] += 1
                return Result(self._faults.fired, len(self._world.enriched), self._count)
            if self._over():
                if not self._is_drained:
                    self._is_drained = True  # time goes on until nothing is open any more
                    last = max(item.arrived_at for item in self._records)
                    self._world.put_raw(tick(last + LONG_AFTER))
                    continue
                self._invariants.judge()
                events = len(self._world.enriched)
                return Result(self._faults.fired, events, self._count)
            self._now += self._rng.choice((0.1, 1.0, 6.0))
            self._step()
        raise BrokenError("the history does not come to its end")

    def _over(self) -> bool:
        if self._put < len(self._records):
            return False
        self._faults.quiet = True
        return all(self._finished(name) for name in self._world.shards)

    def _finished(self, name: str) -> bool:
        lease, shard = self._world.leases[name], self._world.shards[name]
        if shard.closed:
            return lease.checkpoint == ENDED
        last = shard.records[-1].sequence if shard.records else None
        return last is None or (lease.checkpoint is not None and lease.checkpoint >= last)

    def _step(self) -> None:
        quiet = self._faults.quiet
        draw = self._rng.random()
        if self._put < len(self._records) and draw < 0.25:
            for _ in range(self._rng.randint(1, 5)):
                if self._put < len(self._records):
                    self._world.put_raw(self._records[self._put])
                    self._put += 1
        elif not quiet and draw < 0.31:
            self._disturb()
        elif draw < 0.36 and self._zombies:
            self._faults.count(Fault.STALE_READ)
            self._guard(self._rng.choice(self._zombies), self._serve)
        elif draw < 0.46:
            tasks = [p for p in [*self._owners.values(), *self._zombies] if p.tasks]
            if tasks:
                self._guard(self._rng.choice(tasks), self._task)
        else:
            self._serve_some()

    def _disturb(self) -> None:
        kind = self._rng.randrange(6)
        owned = list(self._owners.values())
        whole = [s for s in self._world.shards.values() if not s.closed]
        if kind == 0 and owned:
            self._kill(self._rng.choice(owned))
            self._faults.count(Fault.CRASH_BEFORE)
        elif kind == 1 and owned:
            self._faults.count(Fault.LEASE_MOVED)
            self._take_away(self._rng.choice(owned).shard)
        elif kind == 2 and owned:
            self._faults.count(Fault.STOPPED)
            process = self._rng.choice(owned)
            self._guard(process, self._stop)
        elif kind == 3 and len(whole) < 4:
            self._faults.count(Fault.SPLIT)
            self._world.split(self._rng.choice(whole))
        elif kind == 4 and len(whole) > 1:
            self._faults.count(Fault.MERGE)
            whole.sort(key=lambda shard: shard.first)
            index = self._rng.randrange(len(whole) - 1)
            self._world.merge(whole[index], whole[index + 1])
        elif kind == 5 and self._damage:
            self._spoil()

    def _spoil(self) -> None:
        """Something happens to a blob, and whoever works on the shard has to start anew."""
        objects = self._world.store.objects
        names = sorted(name for name in objects if "/log/" in name or "/snapshot/" in name)
        if not names:
            return
        name = self._rng.choice(names[-6:])
        data = objects[name]
        index = self._rng.randrange(len(data))
        kind = self._rng.choice(("altered", "cut", "lost"))
        if kind == "lost":
            del objects[name]
        else:
            objects[name] = (
                data[:index] if kind == "cut" else data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]
            )
        self._faults.fired[f"blob {kind}"] += 1
        owner = self._owners.get(name.split("/")[0])
        if owner is not None:
            self._kill(owner)

    def _serve_some(self) -> None:
        """A shard that may be read: its parents have been read to their ends."""
        leases = self._world.leases
        ready = [
            shard.name
            for shard in self._world.shards.values()
            if leases[shard.name].checkpoint != ENDED
            and all(leases[parent].checkpoint == ENDED for parent in shard.parents)
        ]
        if not ready:
            return
        name = self._rng.choice(ready)
        if name not in self._owners:
            self._start(name)
        else:
            self._guard(self._owners[name], self._serve)

    def _start(self, shard: str) -> None:
        self._count += 1
        process = Process(self._count, shard)
        lease = self._world.leases[shard]
        lease.owner = process.number
        self._owners[shard] = process
        self._guard(process, self._open)

    def _open(self, process: Process) -> None:
        def later(task: Callable[[], None]) -> bool:
            if process.tasks:
                return False
            process.tasks.append(task)
            return True

        worker = Worker(
            sites=SITES,
            enrich=self._enrich,
            log=SessionLog(
                SimBlobs(self._world, process.shard),
                application="simulated",
                shard=process.shard,
                writer=str(process.number),
                sites_version=SITES.version,
            ),
            sink=SimSink(self._world, process.shard, process.number),
            rejected=SimRejected(self._world, process.shard),
            session_ends=SimRows(self._world, process.shard, "session_ends"),
            cart_events=SimRows(self._world, process.shard, "cart_events"),
            policy=self._policy,
            background=later,
        )
        checkpoint = self._world.leases[process.shard].checkpoint
        lineage = self._world.lineage(process.shard)
        records = self._world.shards[process.shard].records
        process.next = sum(
            1 for record in records if checkpoint is not None and record.sequence <= checkpoint
        )
        worker.start(checkpoint, lineage)
        for key, packed in worker._state.saved.items():
            if not in_range(key, lineage.first_key, lineage.last_key):
                raise BrokenError(f"I7 {process.shard} keeps a visitor of another shard")
            if len(unpack(packed).ids) > MAX_IDS:
                raise BrokenError("I7 more event ids than the window")
        process.worker = worker

    def _enrich(self, record: Record) -> list[EnrichedEvent]:
        if record.sequence in self._poison:
            self._faults.fired["poison pill"] += 1
            raise CrashError("a native library")
        return ENRICH(record)

    def _serve(self, process: Process) -> None:
        worker = process.worker
        if worker is None:  # still starting, further up the stack
            return
        shard = self._world.shards[process.shard]
        checkpointer = SimCheckpointer(self._world, process.shard, process.number)
        if process.next >= len(shard.records) and shard.closed and self._rng.random() < 0.5:
            worker.end_shard(checkpointer, self._now)
            self._gone(process)
            return
        count = self._rng.choice((0, 1, 2, 5, 20))
        batch = shard.records[process.next : process.next + count]
        process.next += len(batch)
        worker.work(batch, checkpointer, self._now)

    def _stop(self, process: Process) -> None:
        if process.worker is not None:
            process.worker.finish(SimCheckpointer(self._world, process.shard, process.number), self._now)
        self._gone(process)

    def _task(self, process: Process) -> None:
        process.tasks.pop()()

    def _take_away(self, shard: str) -> None:
        """The lease goes to a new process while the old one does not know; the new one works for a while."""
        old = self._owners.pop(shard, None)
        if old is not None:
            self._zombies.append(old)
            self._world.leases[shard].owner = -1
        if self._depth < 2 and self._world.leases[shard].checkpoint != ENDED:
            self._depth += 1
            self._start(shard)
            for _ in range(self._rng.randint(0, 6)):
                if shard in self._owners:
                    self._guard(self._owners[shard], self._serve)
            self._depth -= 1

    def _guard(self, process: Process, act: Callable[[Process], None]) -> None:
        """What a process and its daemon make of a failure."""
        try:
            act(process)
        except LeaseLostError:
            self._gone(process)
        except StateError as error:
            if error.code != "fenced":
                if not self._damage:
                    raise BrokenError(f"state: {error}") from error
                self._refused_start = error.code
            self._kill(process)
        except (PutRefusedError, CrashError):
            self._kill(process)
        except BrokenError:
            raise
        except Exception as error:
            raise BrokenError(f"a process met what it does not expect: {error!r}") from error

    def _kill(self, process: Process) -> None:
        self._gone(process)

    def _gone(self, process: Process) -> None:
        process.tasks.clear()
        if process in self._zombies:
            self._zombies.remove(process)
        if self._owners.get(process.shard) is process:
            del self._owners[process.shard]
            self._world.leases[process.shard].owner = -1
