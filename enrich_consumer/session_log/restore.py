"""Restores the state from the entries of a session log, past damaged ones."""

from collections.abc import Callable
from typing import NamedTuple

from enrich_consumer.core.sessions.shard_state import ShardState, in_range
from enrich_consumer.ports import Lineage, ObjectStore
from enrich_consumer.session_log.format import EntryError, Header, decode


class StateError(Exception):
    """The shard must not start. `code`: state_missing, behind_checkpoint, parent_missing, parent_not_ended,
    fenced, or the code of an EntryError."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class Restored(NamedTuple):
    """`tip`: the entry the state stands at, None before the first. `warnings`: damage that replay repairs."""

    state: ShardState
    tip: Header | None
    warnings: tuple[str, ...]


Visitors = dict[bytes, bytes]
Origin = Callable[[], ShardState]
"""Gives the state before a shard's first record."""


def restore(
    store: ObjectStore,
    application: str,
    shard: str,
    checkpoint: int | None,
    lineage: Lineage,
    *,
    allow_missing: bool = False,
) -> Restored:
    """The newest state that can be read, if it is at least as new as `checkpoint`.

    Raises:
        StateError: there is none, and starting empty would split sessions in silence.
    """
    reader = _Reader(store, application, shard)
    warnings: list[str] = []

    def origin() -> ShardState:
        return _inherit(store, application, lineage, allow_missing=allow_missing)

    for slot in reader.tips():
        try:
            state, tip = reader.chain(slot, origin)
        except EntryError as error:
            if error.code == "unknown_state_version":
                raise StateError(error.code, f"session log of {shard}: {error}") from error
            warnings.append(f"session log of {shard}, as of slot {slot}: {error}")
            continue
        if checkpoint is None or state.sequence >= checkpoint or allow_missing:
            return Restored(state, tip, tuple(warnings))
        code = "damaged" if warnings else "behind_checkpoint"
        raise StateError(
            code,
            f"the good part of the session log of {shard} ends at record {state.sequence}, KCL's checkpoint is"
            f" {checkpoint}; {'; '.join(warnings) or 'nothing in it is damaged'}. {_WAY_OUT}",
        )
    if not allow_missing:
        if warnings:
            raise StateError("damaged", f"{'; '.join(warnings)}. {_WAY_OUT}")
        if checkpoint is not None:
            raise StateError("state_missing", f"{shard} has a checkpoint but no session log. {_WAY_OUT}")
    return Restored(origin(), None, tuple(warnings))


_WAY_OUT = (
    "If the log is truly lost, set RASTRO_ALLOW_MISSING_STATE=1 for one start:"
    " the sessions open at that moment will split"
)


def _inherit(store: ObjectStore, application: str, lineage: Lineage, *, allow_missing: bool) -> ShardState:
    """What a shard starts with: its parents' visitors that fall into its own hash key range."""
    state = ShardState()
    for parent in lineage.parents:
        inherited = _final_state(_Reader(store, application, parent), allow_missing=allow_missing)
        state.watermark = max(state.watermark, inherited.watermark)
        state.saved.update(
            (key, packed)
            for key, packed in inherited.saved.items()
            if in_range(key, lineage.first_key, lineage.last_key)
        )
    return state


def _final_state(reader: "_Reader", *, allow_missing: bool) -> ShardState:
    slot = next(iter(reader.tips()), None)
    if slot is None:
        if allow_missing:
            return ShardState()
        raise StateError("parent_missing", f"the parent {reader.shard} has no session log. {_WAY_OUT}")
    try:
        # A parent's own parents may be gone by now; they cannot be needed, its last entry is a snapshot.
        state, tip = reader.chain(slot, ShardState)
    except EntryError as error:
        raise StateError(
            error.code, f"session log of the parent {reader.shard}: {error}. {_WAY_OUT}"
        ) from error
    if not tip.ended and not allow_missing:
        raise StateError("parent_not_ended", f"the parent {reader.shard} has not been read to its end")
    return state


class _Reader:
    """One shard's entries, each read once."""

    def __init__(self, store: ObjectStore, application: str, shard: str) -> None:
        self.shard = shard
        self._store = store
        self._application = application
        self._snapshots = set(slots(store, shard, "snapshot"))
        self._logged = set(slots(store, shard, "log"))
        self._seen: dict[str, tuple[Header, Visitors] | EntryError] = {}

    def tips(self) -> list[int]:
        """Slots that may be the end of the log, newest first."""
        return sorted(self._logged | self._snapshots, reverse=True)

    def chain(self, tip: int, origin: Origin) -> tuple[ShardState, Header]:
        """The state as of slot `tip`: the nearest good snapshot at or before it, and the changes since."""
        changes: list[tuple[Header, Visitors]] = []
        slot = tip
        state: ShardState | None = None
        while state is None:
            state = self._snapshot(slot)
            if state is None:
                header, visitors = self.read("log", slot)
                changes.append((header, visitors))
                slot = header.previous
                if slot == -1:
                    state = origin()
        for header, visitors in reversed(changes):
            state.apply(visitors)
            state.sequence, state.watermark = header.sequence, header.watermark
        if changes:
            return state, changes[0][0]
        kind = "log" if tip in self._logged else "snapshot"
        return state, self.read(kind, tip)[0]

    def _snapshot(self, slot: int) -> ShardState | None:
        if slot not in self._snapshots:
            return None
        try:
            header, visitors = self.read("snapshot", slot)
        except EntryError as error:
            if error.code == "unknown_state_version" or slot not in self._logged:
                raise
            return None  # the log entry of the same slot leads on to an older snapshot
        remembered = {key: packed for key, packed in visitors.items() if packed}
        return ShardState(remembered, sequence=header.sequence, watermark=header.watermark)

    def read(self, kind: str, slot: int) -> tuple[Header, Visitors]:
        name = object_name(self.shard, kind, slot)
        if name not in self._seen:
            try:
                self._seen[name] = self._read(name, slot)
            except EntryError as error:
                self._seen[name] = error
        found = self._seen[name]
        if isinstance(found, EntryError):
            raise found
        return found

    def _read(self, name: str, slot: int) -> tuple[Header, Visitors]:
        data = self._store.read(name)
        if data is None:
            raise EntryError("missing", f"{name} is not there")
        header, visitors = decode(data)
        if (header.application, header.shard, header.slot) != (self._application, self.shard, slot):
            expected = f"{header.application}/{header.shard}/{header.slot}"
            raise EntryError("wrong_place", f"{name} belongs at {expected}")
        return header, visitors


def slots(store: ObjectStore, shard: str, kind: str) -> list[int]:
    """The slots in which there is a `log` entry, a `snapshot` or a `fence`, in order."""
    prefix = f"{shard}/{kind}/"
    return [int(name.removeprefix(prefix)) for name in store.names(prefix)]


def object_name(shard: str, kind: str, slot: int) -> str:
    """The name of an entry's object."""
    return f"{shard}/{kind}/{slot:012d}"
