"""The worker of one shard: takes records; puts, saves and checkpoints, always in this order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from enrich_consumer.core.decimals import Write
from enrich_consumer.core.emit import pack
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.pipeline import Outcome, process, reject
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from enrich_consumer.policy import Policy
from enrich_consumer.ports import (
    Checkpointer,
    CheckpointRefusedError,
    Delivery,
    LeaseLostError,
    Lineage,
    Sink,
)
from enrich_consumer.session_log.format import Header
from enrich_consumer.session_log.log import SessionLog
from schemas import Reason, Sites
from schemas.times import MonotonicSeconds

ISOLATE_AFTER = 2
"""Starts in a row that saved nothing; the third marks each record before it touches it."""


Background = Callable[[Callable[[], None]], bool]
"""Runs a task beside the worker; False when one is still running."""


class Worker:
    """The consumer of one shard. All times are seconds of a monotonic clock, handed in as `now`."""

    def __init__(
        self,
        *,
        sites: Sites,
        enrich: Enrich,
        log: SessionLog,
        sink: Sink,
        rejected: Delivery,
        session_ends: Delivery,
        cart_events: Delivery,
        policy: Policy,
        background: Background,
        decimals: Write | None = None,
    ) -> None:
        self._sites = sites
        self._enrich = enrich
        self._log = log
        self._sink = sink
        self._rejected = rejected
        self._session_ends = session_ends
        self._cart_events = cart_events
        self._policy = policy
        self._background = background
        self._decimals = decimals
        self._state = ShardState()
        self._lines: defaultdict[int, list[bytes]] = defaultdict(list)
        self._rejected_rows: list[bytes] = []
        self._session_end_rows: list[bytes] = []
        self._cart_event_rows: list[bytes] = []
        self._pending = 0
        self._unsaved = False
        self._oldest = 0.0
        self._put_at = float("-inf")
        self._in_flight: set[int] = set()
        self._quarantined: set[int] = set()
        self._isolating = False
        self._delivered = -1
        self._checkpointed = -1
        self._checkpoint_at = float("-inf")
        self._saves = 0
        self.counts: Counter[str] = Counter()

    @property
    def sequence(self) -> int:
        """The last record contained in the state; -1 before the first."""
        return self._state.sequence

    @property
    def visitors(self) -> int:
        """How many visitors are in memory."""
        return len(self._state)

    def start(
        self, checkpoint: int | None, lineage: Lineage, *, allow_missing: bool = False
    ) -> tuple[str, ...]:
        """Take the shard over; the warnings say what was damaged and made good. Raises StateError."""
        found = self._log.take_over(checkpoint, lineage, allow_missing=allow_missing)
        self._state = found.state
        self._checkpointed = -1 if checkpoint is None else checkpoint
        self._delivered = self._checkpointed
        self._in_flight = self._log.in_flight()
        self._quarantined = {sequence for sequence in self._in_flight if sequence > found.state.sequence}
        self._isolating = self._log.idle_starts > ISOLATE_AFTER
        return found.warnings

    def work(self, records: Iterable[Incoming], checkpointer: Checkpointer, now: MonotonicSeconds) -> None:
        """Process the records (maybe none) and flush when it is time.

        Raises:
            PutRefusedError, StateError: nothing may be written any more; the process has to end.
            LeaseLostError: the shard is another worker's; wait for `lease_lost`.
        """
        for record in records:
            self._delivered = record.sequence
            if record.sequence <= self._state.sequence:
                self.counts["replayed"] += 1  # already put and saved by an earlier process
                continue
            if not self._unsaved:
                self._oldest = now
            self._take(self._process(record))
            if self._pending >= self._policy.flush_events:
                self._flush(checkpointer, now)
        if self._unsaved and now - self._oldest >= self._policy.flush_seconds:
            self._flush(checkpointer, now)
        elif not self._unsaved:
            self._checkpoint(checkpointer, now)
        elif self._pending and self._may_put(now):
            self._put(now)

    def finish(self, checkpointer: Checkpointer, now: MonotonicSeconds) -> None:
        """Flush and checkpoint now: the process is asked to stop."""
        if self._unsaved:
            self._flush(checkpointer, now)
        self._checkpoint(checkpointer, now, urgent=True)

    def end_shard(self, checkpointer: Checkpointer, now: MonotonicSeconds) -> None:
        """The shard has no more records: everything out, a full snapshot for the children, then SHARD_END."""
        self._put(now)
        self._save(ended=True)
        self._log.write_snapshot(self._log.snapshot_header(self._state, ended=True), self._state.saved)
        checkpointer.checkpoint(None)

    # inside

    def _process(self, record: Incoming) -> Outcome:
        if record.sequence in self._quarantined:
            detail = "the process died three times at this record"
            return reject(record, Reason.CRASHED_PROCESSOR, detail, self._state)
        if self._isolating:
            self._log.mark_in_flight(record.sequence)
            self._in_flight.add(record.sequence)
            outcome = process(record, self._sites, self._enrich, self._state, self._decimals)
            self._log.clear_in_flight([record.sequence])
            self._in_flight.discard(record.sequence)
            return outcome
        return process(record, self._sites, self._enrich, self._state, self._decimals)

    def _take(self, outcome: Outcome) -> None:
        if outcome.lines:
            self._lines[outcome.bucket] += outcome.lines
        self._rejected_rows += outcome.rejected
        self._session_end_rows += outcome.session_ends
        self._cart_event_rows += outcome.cart_events
        self._pending += len(outcome.lines) + len(outcome.rejected)
        self._pending += len(outcome.session_ends) + len(outcome.cart_events)
        self._unsaved = True
        for name, more in outcome.counts.items():
            self.counts[name] += more  # Counter.update does the same, slower than all of this method

    def _may_put(self, now: MonotonicSeconds) -> bool:
        pause = self._policy.put_seconds
        return pause is not None and now - self._put_at >= pause

    def _flush(self, checkpointer: Checkpointer, now: MonotonicSeconds) -> None:
        self._put(now)
        self._save()
        self._checkpoint(checkpointer, now)

    def _put(self, now: MonotonicSeconds) -> None:
        self._put_at = now
        if self._lines:
            self._sink.put(pack(self._lines))
        for delivery, rows in (
            (self._session_ends, self._session_end_rows),
            (self._cart_events, self._cart_event_rows),
            (self._rejected, self._rejected_rows),
        ):
            if rows:
                delivery.put(rows)
        self._lines.clear()
        self._rejected_rows = []
        self._session_end_rows = []
        self._cart_event_rows = []
        self._pending = 0

    def _save(self, *, ended: bool = False) -> None:
        changes = self._state.dirty_visitors()
        self._log.append(self._state, changes, ended=ended)
        self._state.mark_saved(changes)
        self._unsaved = False
        self._isolating = False
        if self._in_flight:
            self._log.clear_in_flight(self._in_flight)
            self._in_flight = set()
        self._saves += 1
        if self._saves >= self._policy.snapshot_saves and not ended:
            self._snapshot()

    def _snapshot(self) -> None:
        header = self._log.snapshot_header(self._state)
        visitors = dict(self._state.saved)  # the worker goes on while the copy is written
        if self._background(lambda: self._write_snapshot(header, visitors)):
            self._saves = 0

    def _write_snapshot(self, header: Header, visitors: Mapping[bytes, bytes]) -> None:
        self._log.write_snapshot(header, visitors)
        self._log.clean_up()

    def _checkpoint(self, checkpointer: Checkpointer, now: MonotonicSeconds, *, urgent: bool = False) -> None:
        # A state from the log may be ahead of the replay: KCL refuses a mark beyond what it has delivered.
        sequence = min(self._state.sequence, self._delivered)
        if sequence <= self._checkpointed:
            return
        if now - self._checkpoint_at < self._policy.checkpoint_seconds and not urgent:
            return
        self._checkpoint_at = now
        try:
            checkpointer.checkpoint(sequence)
        except CheckpointRefusedError:
            self.counts["checkpoint_refused"] += 1  # a hint only: the next one will do
            return
        except LeaseLostError:
            self.counts["lease_lost"] += 1
            raise
        self._checkpointed = sequence
