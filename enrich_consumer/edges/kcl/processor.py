"""The record processor that KCL's MultiLangDaemon drives, one process per shard.

What has to be kept in mind with `amazon_kclpy` (found in its source, held by tests/consumer/processor):
an exception out of `process_records` is printed and the batch is reported done, so every fatal error
becomes SystemExit; stdout is the protocol, so nothing else may write there; abstract methods are not
enforced.
"""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from amazon_kclpy import kcl
from amazon_kclpy.v3 import processor
from botocore.exceptions import BotoCoreError, ClientError
from pybase64 import b64decode

from enrich_consumer.core.record import Incoming
from enrich_consumer.edges.kcl.leases import Release
from enrich_consumer.edges.log import Log
from enrich_consumer.edges.metrics import MetricName, Metrics
from enrich_consumer.ports import CheckpointRefusedError, LeaseLostError, Shards
from enrich_consumer.session_log.restore import StateError
from enrich_consumer.worker import Worker
from schemas.times import MonotonicSeconds

CHECKPOINT_TRIES = 3
SHARD_END = "SHARD_END"
"""KCL's checkpoint of a shard that was read to its end. Such a lease may be handed to a worker once more; its
session log may be gone by then, because the children have their own."""
LOST_PATIENCE_S = 60.0
"""How long a processor that lost its shard waits for KCL's message. KCL finds out at its next renewal, in seconds."""
FATAL = 70
"""Exit status: EX_SOFTWARE of sysexits.h; the daemon ends with its child, and the task is started anew."""


class RecordProcessor(processor.RecordProcessorBase):  # type: ignore[misc] # the package has no types
    """KCL's five calls, handed to a Worker."""

    def __init__(
        self,
        open_worker: Callable[[str, Log], Worker],
        shards: Shards,
        open_metrics: Callable[[str, Log], Metrics],
        log: Log,
        *,
        allow_missing_state: bool = False,
        heartbeat: Path | None = None,
        release: Release | None = None,
    ) -> None:
        self._open_worker = open_worker
        self._shards = shards
        self._open_metrics = open_metrics
        self._log = log
        self._allow_missing = allow_missing_state
        self._heartbeat = heartbeat
        self._release = release
        self._shard = ""
        self._digits = 0
        self._worker: Worker | None = None
        self._metrics: Metrics | None = None
        self._lost_at: float | None = None
        self._over = False

    def initialize(self, initialize_input: Any) -> None:
        """Take the shard over: state from the session log, which may lie past KCL's checkpoint."""
        self._shard = shard = initialize_input.shard_id
        self._over = initialize_input.sequence_number == SHARD_END
        checkpoint = _sequence(initialize_input.sequence_number)
        if checkpoint is not None:
            self._digits = len(initialize_input.sequence_number)
        self._log = self._log.bind(shard=shard)
        if self._over:
            self._log.info("shard had ended before")
            return
        with self._fatal("initialize"):
            if self._heartbeat is not None:
                self._heartbeat.mkdir(parents=True, exist_ok=True)
                self._heartbeat /= shard
            worker = self._open_worker(shard, self._log)
            warnings = worker.start(
                checkpoint, self._shards.lineage(shard), allow_missing=self._allow_missing
            )
            for warning in warnings:
                self._log.warn("damage in the session log made good by replay", detail=warning)
            self._worker = worker
            self._metrics = self._open_metrics(shard, self._log)
            self._log.info(
                "shard taken over",
                checkpoint=checkpoint and str(checkpoint),
                state=str(worker.sequence),
                visitors=worker.visitors,
            )
            self._beat()

    def process_records(self, process_records_input: Any) -> None:
        """Work, and flush when it is time; KCL calls it for empty lists too, which is our clock."""
        if self._over:
            return
        with self._fatal("process_records"):
            self._beat()
            now = time.monotonic()
            if self._lost_at is not None:
                self._wait_for_lease_lost(now)
                return
            if process_records_input.records:
                self._digits = len(process_records_input.records[-1]["sequenceNumber"])
            checkpointer = KclCheckpointer(process_records_input.checkpointer, self._digits)
            worker = self._running()
            records = map(_incoming, process_records_input.records)
            behind = int(process_records_input.millis_behind_latest or 0)
            try:
                if self._done(lambda: worker.work(records, checkpointer, now)):
                    self._report(worker, worker.counts, behind, now)
            except Exception:
                # What was read did not leave, so it does not count; but the lag must be seen, which has grown since.
                # KCL's figure is that of the read: after a start over, the first read may reach the stream's end.
                ended = time.monotonic()
                waited = behind + int((ended - now) * 1000)
                age = _age_ms(process_records_input.records, time.time())
                self._report(worker, Counter(), max(waited, age), ended)
                raise

    def _report(self, worker: Worker, counts: Counter[str], behind: int, now: MonotonicSeconds) -> None:
        assert self._metrics is not None
        gauges: dict[MetricName, int] = {"VisitorsOpen": worker.visitors, "MillisBehindLatest": behind}
        self._metrics.report(counts, gauges, now, int(time.time() * 1000))

    def lease_lost(self, lease_lost_input: Any) -> None:
        """Another worker owns the shard: nothing may be written or checkpointed any more."""
        self._log.info("lease lost")
        self._forget()

    def shard_ended(self, shard_ended_input: Any) -> None:
        """No more records: everything out, a snapshot for the children, then the end is checkpointed."""
        checkpointer = KclCheckpointer(shard_ended_input.checkpointer, self._digits)
        with self._fatal("shard_ended"):
            if self._over:
                shard_ended_input.checkpointer.checkpoint()
                return
            worker = self._running()
            if self._lost_at is None and self._done(lambda: worker.end_shard(checkpointer, time.monotonic())):
                self._log.info("shard ended", state=str(worker.sequence), visitors=worker.visitors)
        self._forget()

    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        """The daemon is stopping: flush and checkpoint, so that the next owner replays nothing, then give the
        lease back, so that it need not wait."""
        if self._lost_at is not None or self._over:
            return
        checkpointer = KclCheckpointer(shutdown_requested_input.checkpointer, self._digits)
        with self._fatal("shutdown_requested"):
            worker = self._running()
            if self._done(lambda: worker.finish(checkpointer, time.monotonic())):
                self._log.info("stopped", state=str(worker.sequence))
                self._lost_at = time.monotonic()
                self._give_back()

    def _running(self) -> Worker:
        if self._worker is None:
            raise RuntimeError("a call before initialize")
        return self._worker

    def _fatal(self, call: str) -> "_Fatal":
        return _Fatal(self._log, call)

    def _beat(self) -> None:
        """Touch the shard's file; the health check calls a shard stalled whose file grows old."""
        if self._heartbeat is not None:
            self._heartbeat.touch()

    def _done(self, work: Callable[[], None]) -> bool:
        """Whether it was done; if not, the shard is another worker's: its fence was there first, or KCL
        refused our checkpoint.

        Exiting then would take this daemon's other shards along, and start a crash loop between the two:
        write nothing more, and wait for lease_lost.
        """
        try:
            work()
        except LeaseLostError as lost:
            self._log.warn("the lease is lost", detail=str(lost))
        except StateError as fenced:
            if fenced.code != "fenced":
                raise
            self._log.warn("the lease is lost", detail=str(fenced))
        else:
            return True
        self._lost_at = time.monotonic()
        return False

    def _wait_for_lease_lost(self, now: MonotonicSeconds) -> None:
        """Records that keep coming are nobody's work: after a while, make the daemon start over."""
        assert self._lost_at is not None
        if now - self._lost_at > LOST_PATIENCE_S:
            raise RuntimeError(f"the shard was lost {now - self._lost_at:.0f} s ago, and KCL does not know")

    def _give_back(self) -> None:
        if self._release is None:
            return
        try:
            mine = self._release(self._shard)
        except (BotoCoreError, ClientError) as error:  # it expires by itself, only later
            self._log.warn("the lease could not be given back", detail=str(error))
        else:
            self._log.info("lease given back" if mine else "the lease was another worker's already")

    def _forget(self) -> None:
        self._lost_at = time.monotonic()
        if self._heartbeat is not None and not self._over:
            self._heartbeat.unlink(missing_ok=True)


class KclCheckpointer:
    """KCL's checkpointer as ours: throttling is tried a few times, then left for the next time.

    `digits`: as many as the stream's own sequence numbers have. KCL compares numbers, but hands the text back
    to the stream, and an emulator that pads its numbers with zeros compares texts.
    """

    def __init__(self, checkpointer: Any, digits: int = 0, pause: float = 0.2) -> None:
        self._checkpointer = checkpointer
        self._digits = digits
        self._pause = pause

    def checkpoint(self, sequence: int | None) -> None:
        for attempt in range(CHECKPOINT_TRIES):
            try:
                self._checkpointer.checkpoint(None if sequence is None else str(sequence).zfill(self._digits))
            except kcl.CheckpointError as error:
                if error.value == "ShutdownException":
                    raise LeaseLostError("KCL answers ShutdownException to a checkpoint") from error
                if error.value == "InvalidStateException":
                    raise  # the protocol is out of step, or the lease table is gone: nothing to repeat
                if attempt == CHECKPOINT_TRIES - 1:
                    if sequence is None:
                        raise  # KCL repeats shard_ended only if the process fails
                    raise CheckpointRefusedError(error.value) from error
                time.sleep(self._pause * 2**attempt)
            else:
                return


class _Fatal:
    """Turns any exception into SystemExit, after a line in the log: the only way out that KCL respects."""

    def __init__(self, log: Log, call: str) -> None:
        self._log = log
        self._call = call

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, SystemExit):
            return
        _fail(self._log, self._call, error)


def _fail(log: Log, call: str, error: BaseException) -> NoReturn:
    code = getattr(error, "code", type(error).__name__)
    try:
        log.fail("the processor cannot go on", call=call, code=code, detail=str(error))
    finally:  # also when the log itself cannot be written
        raise SystemExit(FATAL) from error


def _incoming(record: dict[str, Any]) -> Incoming:
    arrived = record["approximateArrivalTimestamp"]
    return Incoming(
        int(record["sequenceNumber"]),
        b64decode(record["data"], validate=True),
        int(arrived) if arrived else None,
    )


def _age_ms(records: list[dict[str, Any]], now: float) -> int:
    """How long ago the first record came; 0 without records. `now`: epoch seconds."""
    arrived = records[0]["approximateArrivalTimestamp"] if records else None
    return max(0, int(now * 1000) - int(arrived)) if arrived else 0


def _sequence(text: str | None) -> int | None:
    """A checkpoint as a number; None for TRIM_HORIZON, LATEST and the like."""
    return int(text) if text is not None and text.isdigit() else None
