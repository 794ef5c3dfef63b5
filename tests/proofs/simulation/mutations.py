"""Deliberate mistakes in the product that the simulation must notice, each within some hundred histories."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import pytest

from enrich_consumer import worker
from enrich_consumer.core import emit, pipeline, sessionize
from enrich_consumer.core.enriched_event import EnrichedEvent
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions import closing, rule, shard_state, visitor
from enrich_consumer.core.sessions.shard_state import ShardState
from enrich_consumer.core.sessions.visitor import OpenSession, Visitor
from enrich_consumer.ports import PutRefusedError
from enrich_consumer.session_log import format as log_format
from enrich_consumer.session_log import log, restore
from enrich_consumer.session_log.format import Header, encode
from enrich_consumer.session_log.log import SessionLog
from enrich_consumer.session_log.restore import object_name, slots
from enrich_consumer.worker import Worker


class Mutation(NamedTuple):
    """What is done wrong, and how. `damage`: it shows only where the session log is damaged, too."""

    name: str
    apply: Callable[[pytest.MonkeyPatch], None]
    damage: bool = False


def _checkpoint_before_save(patch: pytest.MonkeyPatch) -> None:
    def flush(self: Any, checkpointer: Any, now: float) -> None:
        self._put(now)
        self._checkpoint(checkpointer, now)
        self._save()

    patch.setattr(Worker, "_flush", flush)


def _save_before_put(patch: pytest.MonkeyPatch) -> None:
    def flush(self: Any, checkpointer: Any, now: float) -> None:
        self._save()
        self._put(now)
        self._checkpoint(checkpointer, now)

    patch.setattr(Worker, "_flush", flush)


def _last_arrival_instead_of_maximum(patch: pytest.MonkeyPatch) -> None:
    def grow(session: OpenSession, at: int, received_at: int) -> None:
        session.first, session.last, session.last_arrival = min(at, session.first), at, received_at
        session.events += 1

    patch.setattr(rule, "_grow", grow)


def _no_fast_forward(patch: pytest.MonkeyPatch) -> None:
    def work(self: Any, records: Sequence[Incoming], checkpointer: Any, now: float) -> None:
        if self._state.sequence >= 0:
            self._state.sequence = -1
        original(self, records, checkpointer, now)

    original = Worker.work
    patch.setattr(Worker, "work", work)


def _parents_state_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(restore, "_inherit", lambda *_, **__: ShardState())


def _whole_parents_state_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(restore, "in_range", lambda *_: True)


def _no_fence(patch: pytest.MonkeyPatch) -> None:
    def write(self: Any, header: Header, visitors: Mapping[bytes, bytes]) -> None:
        name = object_name(self._shard, "log", header.slot)
        self._store.delete([name])
        self._store.create(name, encode(header, visitors))
        self.slot = header.slot

    patch.setattr(SessionLog, "_write", write)


def _wall_clock_in_a_column(patch: pytest.MonkeyPatch) -> None:
    original = EnrichedEvent.to_line

    def to_line(self: EnrichedEvent) -> bytes:
        self.columns["properties"] = str(time.monotonic_ns())
        return original(self)

    patch.setattr(EnrichedEvent, "to_line", to_line)


def _random_session_ids(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rule, "session_id", lambda *_: str(uuid.uuid4()))


def _half_accepted_put_ignored(patch: pytest.MonkeyPatch) -> None:
    original = Worker._put

    def put(self: Any, now: float) -> None:
        try:
            original(self, now)
        except PutRefusedError:
            self._lines.clear()
            self._rejected_rows = []
            self._pending = 0

    patch.setattr(Worker, "_put", put)


def _end_before_its_snapshot(patch: pytest.MonkeyPatch) -> None:
    def end_shard(self: Any, checkpointer: Any, now: float) -> None:
        self._put(now)
        self._save(ended=True)
        checkpointer.checkpoint(None)
        self._log.write_snapshot(self._log.snapshot_header(self._state, ended=True), self._state.saved)

    patch.setattr(Worker, "end_shard", end_shard)


def _forgotten_too_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(closing, "SLACK_MS", -60 * 60_000)


def _timers_lost_at_a_start(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shard_state.Timers, "of", classmethod(lambda cls, _: cls()))


def _carts_lost_at_a_save(patch: pytest.MonkeyPatch) -> None:
    original = shard_state.pack

    def pack(visitor: Visitor) -> bytes:
        visitor.cart = None
        return original(visitor)

    patch.setattr(shard_state, "pack", pack)


def _gone_visitors_come_back(patch: pytest.MonkeyPatch) -> None:
    def apply(self: ShardState, changes: Mapping[bytes, bytes]) -> None:
        self.saved.update({key: packed for key, packed in changes.items() if packed})

    patch.setattr(ShardState, "apply", apply)


def _rows_of_ends_after_the_save(patch: pytest.MonkeyPatch) -> None:
    def flush(self: Any, checkpointer: Any, now: float) -> None:
        rows, self._session_end_rows = self._session_end_rows, []
        self._put(now)
        self._save()
        self._session_ends.put(rows)
        self._checkpoint(checkpointer, now)

    patch.setattr(Worker, "_flush", flush)


def _wall_clock_in_an_end(patch: pytest.MonkeyPatch) -> None:
    original = closing.session_ends.final

    def final(*args: Any) -> bytes:
        return original(*args).replace(b"}", b',"at":%d}' % time.monotonic_ns())

    patch.setattr(closing.session_ends, "final", final)


def _ticks_only_where_somebody_is(patch: pytest.MonkeyPatch) -> None:
    original = ShardState.has_passed

    def has_passed(self: ShardState) -> bool:
        return bool(self.dirty) and original(self)

    patch.setattr(ShardState, "has_passed", has_passed)


def _ids_forgotten_at_a_save(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        shard_state,
        "pack",
        lambda v: visitor.pack(Visitor(v.sessions, {}, v.site, v.visitor_id, v.cart, v.due)),
    )


def _a_change_not_saved(patch: pytest.MonkeyPatch) -> None:
    original = SessionLog.append

    def append(self: Any, of: ShardState, changes: Mapping[bytes, bytes], **more: Any) -> None:
        original(self, of, dict(list(changes.items())[1:]), **more)

    patch.setattr(SessionLog, "append", append)


def _clean_up_of_what_is_needed(patch: pytest.MonkeyPatch) -> None:
    def clean_up(self: Any) -> None:
        logged = slots(self._store, self._shard, "log")
        self._store.delete([object_name(self._shard, "log", slot) for slot in logged[:-1]])

    patch.setattr(SessionLog, "clean_up", clean_up)


def _parents_released_too_early(patch: pytest.MonkeyPatch) -> None:
    def release(self: Any, lineage: Any) -> None:
        for parent in lineage.parents:
            self._store.delete(self._store.names(f"{parent}/"))

    patch.setattr(SessionLog, "_release_parents", release)


def _merge_not_reported(patch: pytest.MonkeyPatch) -> None:
    original = sessionize.assign

    def assign(*args: Any) -> Any:
        assignment = original(*args)
        return assignment._replace(merges=()) if assignment else assignment

    patch.setattr(sessionize, "assign", assign)


def _rejected_thrown_away(patch: pytest.MonkeyPatch) -> None:
    original = Worker._put

    def put(self: Any, now: float) -> None:
        self._rejected_rows = []
        original(self, now)

    patch.setattr(Worker, "_put", put)


def _watermark_lost_at_restart(patch: pytest.MonkeyPatch) -> None:
    original = restore.restore

    def restored(*args: Any, **more: Any) -> Any:
        found = original(*args, **more)
        found.state.watermark = 10**15
        return found

    patch.setattr(log, "restore", restored)


def _waves_in_wrong_order(patch: pytest.MonkeyPatch) -> None:
    monkey_pack = emit.pack

    def pack(lines: Any) -> Any:
        turned = {bucket: list(items)[::-1] for bucket, items in lines.items()}
        return monkey_pack(turned)

    patch.setattr(worker, "pack", pack)


def _address_in_a_column(patch: pytest.MonkeyPatch) -> None:
    original = pipeline.decode

    def decode(*args: Any) -> Any:
        record = original(*args)
        return record._replace(events=[{**event, "user_id": record.ip} for event in record.events])

    patch.setattr(pipeline, "decode", decode)


def _last_visitor_of_an_entry_lost(patch: pytest.MonkeyPatch) -> None:
    original = log_format.decode

    def decode(data: bytes, *more: Any) -> Any:
        header, visitors = original(data, *more)
        return header, dict(list(visitors.items())[:-1])

    patch.setattr(restore, "decode", decode)


def _digest_not_checked(patch: pytest.MonkeyPatch) -> None:
    original = log_format.decode

    def decode(data: bytes, *more: Any) -> Any:
        body = data[:-16]
        try:
            return original(body + blake2b(body, digest_size=16).digest(), *more)
        except log_format.EntryError:
            raise
        except Exception as error:
            raise log_format.EntryError("damaged", str(error)) from error

    patch.setattr(restore, "decode", decode)


def _empty_start_in_silence(patch: pytest.MonkeyPatch) -> None:
    original = restore.restore

    def restored(*args: Any, **more: Any) -> Any:
        try:
            return original(*args, **more)
        except restore.StateError:
            return restore.Restored(ShardState(), None, ())

    patch.setattr(log, "restore", restored)


MUTATIONS = [
    Mutation(function.__name__.strip("_"), function)
    for function in (
        _checkpoint_before_save,
        _save_before_put,
        _last_arrival_instead_of_maximum,
        _no_fast_forward,
        _parents_state_dropped,
        _whole_parents_state_kept,
        _no_fence,
        _wall_clock_in_a_column,
        _random_session_ids,
        _half_accepted_put_ignored,
        _end_before_its_snapshot,
        _forgotten_too_early,
        _timers_lost_at_a_start,
        _carts_lost_at_a_save,
        _gone_visitors_come_back,
        _rows_of_ends_after_the_save,
        _wall_clock_in_an_end,
        _ticks_only_where_somebody_is,
        _ids_forgotten_at_a_save,
        _a_change_not_saved,
        _clean_up_of_what_is_needed,
        _parents_released_too_early,
        _merge_not_reported,
        _rejected_thrown_away,
        _watermark_lost_at_restart,
        _waves_in_wrong_order,
        _address_in_a_column,
        _last_visitor_of_an_entry_lost,
    )
] + [
    Mutation(function.__name__.strip("_"), function, damage=True)
    for function in (_digest_not_checked, _empty_start_in_silence)
]
