"""Raw records, sites, and a shard whose every effect is written down in one list."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from enrich_consumer.core import enrichments
from enrich_consumer.core.emit import Packed
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.record import Incoming
from enrich_consumer.edges.aws.object_store import MemoryObjectStore
from enrich_consumer.edges.kcl.shards import WHOLE
from enrich_consumer.policy import EAGER, Policy
from enrich_consumer.ports import CheckpointRefusedError, LeaseLostError, Lineage
from enrich_consumer.session_log.log import SessionLog
from enrich_consumer.worker import Worker
from schemas import Sites, parse_sites
from tests.support.raw_records import raw_record

NOW = 1_795_296_000_123  # 2026-11-21T21:20:00.123Z
SITES_TEXT = """{"version": 7, "sites": {
  "loja": {"keys": ["pk_test_loja_0001"], "hosts": ["www.loja.example"]},
  "curta": {"keys": ["pk_test_curta_001"], "session": {"gap_minutes": 1, "lateness_minutes": 1}}}}"""
SITES: Sites = parse_sites(SITES_TEXT)
ENRICH: Enrich = enrichments.build(References())


def event_id(number: int) -> str:
    """A UUID that is easy to read in a failure."""
    return f"00000000-0000-4000-8000-{number:012x}"


def event(number: int = 1, **fields: Any) -> dict[str, Any]:
    """One event of the raw record."""
    return {"event_id": event_id(number), "event": "page_view", **fields}


def raw(*events: dict[str, Any], **fields: Any) -> bytes:
    """A raw record of these events (one, if none is given) as the stream carries it."""
    return orjson.dumps(raw_record(*(events or (event(),)), received_at=NOW) | fields)


def incoming(sequence: int, *events: dict[str, Any], **fields: Any) -> Incoming:
    """A good record; its event is numbered like it."""
    return Incoming(sequence, raw(*(events or (event(sequence),)), **fields))


def rows(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """Lines of the enriched stream or of the rejected table, parsed."""
    return [orjson.loads(line) for block in lines for line in block.splitlines()]


@dataclass
class Effects:
    """Everything a worker does to the world, in order. `refuse` gives the error to raise before an effect."""

    seen: list[tuple[str, Any]] = field(default_factory=list)
    refuse: Callable[[str], Exception | None] = lambda kind: None

    def add(self, kind: str, value: Any) -> None:
        error = self.refuse(kind)
        if error is not None:
            raise error
        self.seen.append((kind, value))

    def take(self) -> list[tuple[str, Any]]:
        """What was seen since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.take()]


@dataclass
class EffectSink:
    effects: Effects
    events: list[dict[str, Any]] = field(default_factory=list)

    def put(self, waves: Sequence[Sequence[Packed]]) -> None:
        found = rows(packed.data for wave in waves for packed in wave)
        self.effects.add("put", [row["event_id"] for row in found])
        self.events += found


@dataclass
class EffectRejected:
    effects: Effects
    rows: list[dict[str, Any]] = field(default_factory=list)

    def put(self, lines: Sequence[bytes]) -> None:
        found = rows(lines)
        self.effects.add("rejected", [row["reason"] for row in found])
        self.rows += found


@dataclass
class EffectDelivery:
    """Of `session_ends` or `cart_events`, by `kind`."""

    effects: Effects
    kind: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def put(self, lines: Sequence[bytes]) -> None:
        found = rows(lines)
        self.effects.add(self.kind, [row["row_id"] for row in found])
        self.rows += found


class EffectObjectStore(MemoryObjectStore):
    """Writes to the session log; only the kinds of entries that a flush may write are effects of interest."""

    def __init__(self, effects: Effects) -> None:
        super().__init__()
        self._effects = effects

    def create(self, name: str, data: bytes) -> bool:
        kind = name.split("/")[1]
        self._effects.add({"log": "save"}.get(kind, kind), int(name.split("/")[2]))
        return super().create(name, data)


@dataclass
class EffectCheckpointer:
    effects: Effects

    def checkpoint(self, sequence: int | None) -> None:
        self.effects.add("checkpoint", sequence)


@dataclass
class Shard:
    """One shard over time: processes come and go, the log and the streams stay."""

    policy: Policy = EAGER
    enrich: Enrich = ENRICH
    lineage: Lineage = WHOLE
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        self.store = EffectObjectStore(self.effects)
        self.sink = EffectSink(self.effects)
        self.rejected = EffectRejected(self.effects)
        self.session_ends = EffectDelivery(self.effects, "session_ends")
        self.cart_events = EffectDelivery(self.effects, "cart_events")
        self.checkpointer = EffectCheckpointer(self.effects)
        self.checkpoint: int | None = None
        self._processes = 0

    def open(self) -> Worker:
        """A new process on the shard, not started."""
        self._processes += 1
        log = SessionLog(
            self.store,
            application="shop",
            shard="shardId-000000000000",
            writer=f"writer-{self._processes}",
            sites_version=SITES.version,
        )
        return Worker(
            sites=SITES,
            enrich=self.enrich,
            log=log,
            sink=self.sink,
            rejected=self.rejected,
            session_ends=self.session_ends,
            cart_events=self.cart_events,
            policy=self.policy,
            background=at_once,
        )

    def start(self, checkpoint: int | None = None) -> Worker:
        """A new process that has taken the shard over; its own effects are not kept."""
        worker = self.open()
        worker.start(checkpoint, self.lineage)
        self.effects.take()
        return worker


def at_once(task: Callable[[], None]) -> bool:
    """Background work, done in the foreground."""
    task()
    return True


def refusing(error: Exception, kind: str) -> Callable[[str], Exception | None]:
    """Refuse one kind of effect."""
    return lambda given: error if given == kind else None


THROTTLED = CheckpointRefusedError("ThrottlingException")
LOST = LeaseLostError("ShutdownException")
