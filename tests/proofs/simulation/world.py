"""The world around the worker: stream, sink, log and lease table, all in one process and all from one seed."""

from collections.abc import Callable, Sequence
from hashlib import md5
from random import Random
from typing import NamedTuple

from enrich_consumer.core.emit import Packed
from enrich_consumer.core.record import Incoming
from enrich_consumer.edges.aws.object_store import MemoryObjectStore
from enrich_consumer.edges.kcl.shards import LAST_KEY
from enrich_consumer.ports import CheckpointRefusedError, LeaseLostError, Lineage, PutRefusedError
from enrich_consumer.session_log.format import Kind, decode
from tests.proofs.simulation.faults import CrashError, Fault, Faults
from tests.proofs.simulation.input_records import InputRecord

FIRST, STEP = 1000, 10
"""Sequence numbers: of the n-th record that is no tick FIRST + n * STEP; ticks lie in between, the same on every
shard."""
ENDED = 1 << 70
"""The checkpoint of a shard that was read to its end."""


class Shard:
    """`records` in order; `closed` when it was split or merged away."""

    def __init__(self, name: str, first: int, last: int, parents: tuple[str, ...] = ()) -> None:
        self.name = name
        self.first = first
        self.last = last
        self.parents = parents
        self.children: list[str] = []
        self.closed = False
        self.records: list[Incoming] = []


class Lease:
    """KCL's item in the lease table. `owner`: number of a process, -1: none."""

    def __init__(self) -> None:
        self.owner = -1
        self.checkpoint: int | None = None


class Accepted(NamedTuple):
    """One line of the enriched stream, in the order of acceptance."""

    line: bytes
    process: int


class World:
    """Everything that outlives a process. Invariants are held where the effects happen (see `watch`)."""

    def __init__(self, rng: Random, faults: Faults) -> None:
        self.rng = rng
        self.faults = faults
        self.sequence = FIRST
        self._ticks = 0
        self.shards = {"shard-0": Shard("shard-0", 0, LAST_KEY)}
        self.leases = {"shard-0": Lease()}
        self.store = MemoryObjectStore()
        self.enriched: list[Accepted] = []
        self.rejected: list[bytes] = []
        self.rows: dict[str, list[bytes]] = {"session_ends": [], "cart_events": []}
        self.written: set[bytes] = set()
        """All lines accepted so far, enriched or rejected."""
        self.on_zombie: Callable[[str], None] = lambda shard: None
        self.watch: Callable[[str, str, int], None] = lambda what, shard, sequence: None

    def put_raw(self, record: InputRecord) -> None:
        """Put a record on the shard whose range its key falls into; a tick on every open one."""
        if record.is_tick:
            self._ticks += 1
            for shard in self.shards.values():
                if not shard.closed:
                    shard.records.append(
                        Incoming(self.sequence + self._ticks, record.data, record.arrived_at)
                    )
            return
        key = int.from_bytes(md5(record.key.encode(), usedforsecurity=False).digest(), "big")
        shard = next(s for s in self.shards.values() if not s.closed and s.first <= key <= s.last)
        self.sequence += STEP
        self._ticks = 0
        shard.records.append(Incoming(self.sequence, record.data, record.arrived_at))

    def lineage(self, name: str) -> Lineage:
        shard = self.shards[name]
        siblings = tuple(tuple(self.shards[parent].children) for parent in shard.parents)
        return Lineage(shard.first, shard.last, shard.parents, siblings)

    def split(self, shard: Shard) -> None:
        middle = (shard.first + shard.last) // 2
        self._close([shard], [(shard.first, middle), (middle + 1, shard.last)])

    def merge(self, one: Shard, other: Shard) -> None:
        self._close([one, other], [(min(one.first, other.first), max(one.last, other.last))])

    def _close(self, parents: Sequence[Shard], ranges: Sequence[tuple[int, int]]) -> None:
        names = tuple(parent.name for parent in parents)
        for first, last in ranges:
            child = Shard(f"shard-{len(self.shards)}", first, last, names)
            self.shards[child.name] = child
            self.leases[child.name] = Lease()
            for parent in parents:
                parent.children.append(child.name)
        for parent in parents:
            parent.closed = True

    def effect(self, name: str, shard: str, act: Callable[[], None], *others: Fault) -> None:
        """Do it, with what may go wrong around it."""
        fault = self.faults.at(name, *others)
        if fault is Fault.CRASH_BEFORE:
            raise CrashError(f"before {name}")
        if fault is Fault.ZOMBIE:
            self.on_zombie(shard)
        if fault is Fault.REFUSED_PUT:
            raise PutRefusedError(name)
        if fault is Fault.CHECKPOINT_REFUSED:
            raise CheckpointRefusedError(name)
        act()
        if fault is Fault.CRASH_AFTER:
            raise CrashError(f"after {name}")


class SimSink:
    """The enriched stream of one process: may refuse everything or accept a part."""

    def __init__(self, world: World, shard: str, process: int) -> None:
        self._world = world
        self._shard = shard
        self._process = process

    def put(self, waves: Sequence[Sequence[Packed]]) -> None:
        world = self._world
        whole = [packed for wave in waves for packed in wave]

        def accept(records: Sequence[Packed]) -> None:
            for packed in records:
                lines = packed.data.splitlines(keepends=True)
                assert len(lines) == packed.events
                world.enriched += [Accepted(line, self._process) for line in lines]
                world.written.update(lines)

        def act() -> None:
            accept(whole)

        if world.faults.half_a_put():
            # Some whole waves, then any part of the next: how PutRecords fails.
            count = world.rng.randrange(len(waves))
            for wave in waves[:count]:
                accept(wave)
            accept([packed for packed in waves[count] if world.rng.random() < 0.5])
            raise PutRefusedError("half of it")
        world.effect("put", self._shard, act, Fault.REFUSED_PUT)


class SimRejected:
    """The rejected delivery of one process."""

    def __init__(self, world: World, shard: str) -> None:
        self._world = world
        self._shard = shard

    def put(self, rows: Sequence[bytes]) -> None:
        rows_put = list(rows)

        def act() -> None:
            self._world.rejected += rows_put
            self._world.written.update(rows_put)

        self._world.effect("reject", self._shard, act, Fault.REFUSED_PUT)


class SimRows:
    """The delivery of `session_ends` or `cart_events` of one process."""

    def __init__(self, world: World, shard: str, table: str) -> None:
        self._world = world
        self._shard = shard
        self._table = table

    def put(self, rows: Sequence[bytes]) -> None:
        rows_put = list(rows)

        def act() -> None:
            self._world.rows[self._table] += rows_put
            self._world.written.update(rows_put)

        self._world.effect(self._table, self._shard, act, Fault.REFUSED_PUT)


class SimBlobs:
    """The session log's store as one process sees them."""

    def __init__(self, world: World, shard: str) -> None:
        self._world = world
        self._shard = shard

    def names(self, prefix: str) -> list[str]:
        return self._world.store.names(prefix)

    def read(self, name: str) -> bytes | None:
        return self._world.store.read(name)

    def create(self, name: str, data: bytes) -> bool:
        kind = name.split("/")[1]
        if kind == "suspect":  # a death between suspicion and acquittal condemns the record, by design
            return self._world.store.create(name, data)
        done: list[bool] = []

        def act() -> None:
            if kind == "log":
                header, _ = decode(data)
                if header.kind is Kind.CHANGE:
                    self._world.watch("save", self._shard, header.sequence)
            done.append(self._world.store.create(name, data))

        self._world.effect({"log": "save"}.get(kind, kind), self._shard, act)
        return done[0]

    def delete(self, names: Sequence[str]) -> None:
        for name in names:  # S3 may be cut short in the middle
            self._delete(name)

    def _delete(self, name: str) -> None:
        def act() -> None:
            self._world.store.delete([name])

        if "/suspect/" in name:
            act()
        else:
            self._world.effect("clean_up", self._shard, act)


class SimCheckpointer:
    """KCL's checkpointer of one process: refuses whoever does not hold the lease."""

    def __init__(self, world: World, shard: str, process: int) -> None:
        self._world = world
        self._shard = shard
        self._process = process

    def checkpoint(self, sequence: int | None) -> None:
        def act() -> None:
            lease = self._world.leases[self._shard]
            if lease.owner != self._process:
                raise LeaseLostError(self._shard)
            mark = ENDED if sequence is None else sequence
            self._world.watch("checkpoint", self._shard, mark)
            lease.checkpoint = mark

        refused = () if sequence is None else (Fault.CHECKPOINT_REFUSED,)
        self._world.effect("checkpoint", self._shard, act, *refused)
