"""The session log of one shard: the commit point of the consumer.

Entries are numbered slots, each written only if its slot is free, each naming the slot it continues. Whoever
takes the shard over writes the next slot first (a fence), so a processor that lost its lease without
noticing finds its next slot taken and cannot write any more: one writer, without any lock.

    <shard>/log/<slot>           a fence, or the visitors changed since the slot before
    <shard>/snapshot/<slot>      all visitors as of that slot; written beside the worker, in its own time
    <shard>/fence/<slot>         empty: this slot was meant for a fence and is never cleaned up
    <shard>/suspect/<sequence>   empty: a record that was being processed when a process may have died
"""

from collections.abc import Iterable, Mapping
from io import BytesIO

from enrich_consumer.core.sessions.shard_state import ShardState
from enrich_consumer.ports import Lineage, ObjectStore
from enrich_consumer.session_log.format import Header, Kind, encode, encode_parts
from enrich_consumer.session_log.restore import Restored, StateError, object_name, restore, slots

KEPT_SNAPSHOTS = 2
"""The newest may turn out unreadable; then the one before it and the changes since are still there."""


class SessionLog:
    """Open it with `take_over`; then `append` after every put."""

    def __init__(
        self, store: ObjectStore, *, application: str, shard: str, writer: str, sites_version: int
    ) -> None:
        self._store = store
        self._application = application
        self._shard = shard
        self._writer = writer
        self._sites_version = sites_version
        self.slot = -1
        self.idle_starts = 0
        self._ended = False

    def take_over(self, checkpoint: int | None, lineage: Lineage, *, allow_missing: bool = False) -> Restored:
        """Recover the state and become the only writer.

        `checkpoint` is the sequence number KCL will replay from, None for a shard it never checkpointed.
        `allow_missing` starts empty where the log is gone: an operator's decision after a disaster.

        Raises:
            StateError: the log cannot give a state that is at least as new as the checkpoint.
        """
        while True:
            # Listed before it is read: an entry that comes in between makes the fence's slot taken.
            newest = max(slots(self._store, self._shard, "log"), default=-1)
            found = restore(
                self._store, self._application, self._shard, checkpoint, lineage, allow_missing=allow_missing
            )
            tip = found.tip
            self._ended = (
                tip is not None and tip.ended
            )  # whoever comes late to an ended shard leaves it ended
            self.idle_starts = 1 + (tip.idle_starts if tip is not None and tip.kind is Kind.FENCE else 0)
            slot = max(newest, -1 if tip is None else tip.slot) + 1
            header = self._header(Kind.FENCE, found.state, slot, -1 if tip is None else tip.slot)
            self._store.create(object_name(self._shard, "fence", slot), b"")
            try:
                self._write(header, {})
            except StateError:
                continue  # somebody wrote first: look again at what
            if not slots(self._store, self._shard, "snapshot"):
                self.write_snapshot(self.snapshot_header(found.state), found.state.saved)
                self._release_parents(lineage)
            return found

    def append(self, state: ShardState, changes: Mapping[bytes, bytes], *, ended: bool = False) -> None:
        """Commit `changes` as of `state.sequence`.

        Raises:
            StateError: `fenced`, when another processor has taken the shard over.
        """
        self._write(self._header(Kind.CHANGE, state, self.slot + 1, self.slot, ended=ended), changes)
        self.idle_starts = 0

    def snapshot_header(self, state: ShardState, *, ended: bool = False) -> Header:
        """The header of a snapshot as of now; take it while the state stands still."""
        return self._header(Kind.SNAPSHOT, state, self.slot, self.slot, ended=ended)

    def write_snapshot(self, header: Header, visitors: Mapping[bytes, bytes]) -> None:
        """Write it; may run beside the worker, on a copy of the saved visitors. It only repeats what the
        slot means, so it needs no fence."""
        data = BytesIO()
        data.writelines(encode_parts(header, visitors))
        self._store.create(object_name(self._shard, "snapshot", header.slot), data.getvalue())

    def clean_up(self) -> None:
        """Remove what the last good snapshots make unnecessary."""
        snapshots = slots(self._store, self._shard, "snapshot")
        if len(snapshots) < KEPT_SNAPSHOTS:
            return
        oldest = snapshots[-KEPT_SNAPSHOTS]
        fences = set(slots(self._store, self._shard, "fence"))
        self._store.delete(
            [object_name(self._shard, "snapshot", slot) for slot in snapshots if slot < oldest]
            + [
                object_name(self._shard, "log", slot)
                for slot in slots(self._store, self._shard, "log")
                if slot < oldest and slot not in fences
            ]
        )

    def in_flight(self) -> set[int]:
        """Sequence numbers during which an earlier process died."""
        return set(slots(self._store, self._shard, "suspect"))

    def mark_in_flight(self, sequence: int) -> None:
        """Note that the record is about to be processed."""
        self._store.create(object_name(self._shard, "suspect", sequence), b"")

    def clear_in_flight(self, sequences: Iterable[int]) -> None:
        """Those records did no harm."""
        self._store.delete([object_name(self._shard, "suspect", sequence) for sequence in sequences])

    def _release_parents(self, lineage: Lineage) -> None:
        """Remove a parent's log once each of its children has a snapshot of its own."""
        for parent, children in zip(lineage.parents, lineage.siblings, strict=True):
            if all(self._store.names(f"{child}/snapshot/") for child in children):
                self._store.delete(self._store.names(f"{parent}/"))

    def _header(
        self, kind: Kind, state: ShardState, slot: int, previous: int, *, ended: bool = False
    ) -> Header:
        return Header(
            kind=kind,
            application=self._application,
            shard=self._shard,
            slot=slot,
            previous=previous,
            writer=self._writer,
            sequence=state.sequence,
            watermark=state.watermark,
            sites_version=self._sites_version,
            idle_starts=self.idle_starts if kind is Kind.FENCE else 0,
            ended=ended or self._ended,
        )

    def _write(self, header: Header, visitors: Mapping[bytes, bytes]) -> None:
        name = object_name(self._shard, "log", header.slot)
        data = encode(header, visitors)
        # A write that was repeated because its answer was lost finds its own entry.
        if not self._store.create(name, data) and self._store.read(name) != data:
            raise StateError("fenced", f"slot {header.slot} of {self._shard} belongs to another processor")
        self.slot = header.slot
