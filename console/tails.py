"""Reads the streams, the rejected table and ingest's log as they grow, one thread each, into a store."""

import base64
import gzip
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from console.store import Store

READ_SECONDS = 1.0
"""A shard answers five reads a second in all; the consumer makes two."""
PAUSE_AFTER_ERROR = 3.0
MOST_AT_ONCE = 100
"""Records of one answer: of the enriched stream each holds up to some hundred lines."""
MOST_READS = 60
"""Answers of one shard in a row while it is behind: within five reads a second on AWS, as fast as it goes here."""
_LOG_PATTERN = '{ $.message = "request" && $.status >= 400 }'
_LOG_OVERLAP_MS = 60_000
"""Lines come late; those seen before are known by their request's id."""


class RejectedFiles(Protocol):
    """Rows of the rejected table's files that came since the last question, each with its file's name."""

    def __call__(self) -> list[tuple[str, dict[str, Any]]]: ...


class Tails:
    """The threads that feed a store. `lock` is held while the store changes; pages hold it while they read."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.errors: dict[str, str] = {}
        """The last error of each tail that does not work at the moment, for the health page."""
        self.behind_ms: dict[str, int] = {}
        """How far each stream's reader is behind, as Kinesis says it."""
        self.reads = 0
        """Calls of GetRecords so far."""
        self.bytes = 0
        """Of the records that came."""
        self._threads: list[threading.Thread] = []

    def follow_stream(
        self,
        kinesis: Any,
        stream: str,
        take: Callable[[str, dict[str, Any]], None],
        start: str = "TRIM_HORIZON",
        most_reads: int = MOST_READS,
        at_once: int = MOST_AT_ONCE,
    ) -> None:
        """Read every shard of a stream. `take` gets the shard and the record; `start`: TRIM_HORIZON or LATEST;
        `most_reads`: of one shard in a row while it is behind; `at_once`: records of one read."""
        self._start(
            stream,
            lambda: _StreamReader(self, kinesis, stream, take, start, most_reads, at_once).read,
            READ_SECONDS,
        )

    def follow_rejected(self, new_rows: RejectedFiles, every: float = READ_SECONDS) -> None:
        """Read the files of the rejected table as Firehose writes them."""

        def read() -> None:
            for key, row in new_rows():
                self._take_rejected(key, row)

        self._start("rejected", lambda: read, every)

    def follow_log(self, logs: Any, group: str, since: int, every: float = READ_SECONDS) -> None:
        """Read what ingest's log says of requests of which nothing was taken; `since`: epoch ms."""
        self._start("ingest log", lambda: _LogReader(self, logs, group, since).read, every)

    def stop(self) -> None:
        """End the threads; waits for the reads under way."""
        self.stopped.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def take_raw(self, shard: str, record: dict[str, Any]) -> None:
        """A record of the raw stream as GetRecords gives it."""
        try:
            body = orjson.loads(record["Data"])
        except ValueError:
            return  # the consumer rejects it, and the rejected table shows it
        if isinstance(body, dict):
            with self.lock:
                self.store.take_raw(shard, record["SequenceNumber"], _ms(record), body)

    def take_enriched(self, shard: str, record: dict[str, Any]) -> None:
        """A record of the enriched stream: many lines."""
        lines = [(orjson.loads(line), line) for line in record["Data"].splitlines() if line]
        with self.lock:
            for columns, line in lines:
                self.store.take_enriched(shard, record["SequenceNumber"], _ms(record), columns, line)

    def _take_rejected(self, key: str, row: dict[str, Any]) -> None:
        at = int(row["rejected_at"].timestamp() * 1000)
        with self.lock:
            self.store.take_rejected(key, at, row | {"rejected_at": row["rejected_at"].isoformat()})

    def _start(self, name: str, make: Callable[[], Callable[[], None]], every: float) -> None:
        def run() -> None:
            read = make()
            while not self.stopped.is_set():
                try:
                    read()
                    self.errors.pop(name, None)
                    pause = every
                except Exception as error:  # noqa: BLE001 - the console lives on; the health page shows it
                    self.errors[name] = f"{type(error).__name__}: {error}"
                    pause = PAUSE_AFTER_ERROR
                    read = make()
                self.stopped.wait(pause)

        thread = threading.Thread(target=run, name=f"tail {name}", daemon=True)
        self._threads.append(thread)
        thread.start()


def _ms(record: dict[str, Any]) -> int:
    at = record.get("ApproximateArrivalTimestamp")
    return int((at.timestamp() if at is not None else time.time()) * 1000)


class _StreamReader:
    """One pass over all shards at a time; shards that appear are read from their start."""

    def __init__(
        self,
        tails: Tails,
        kinesis: Any,
        stream: str,
        take: Callable[[str, dict[str, Any]], None],
        start: str,
        most_reads: int,
        at_once: int,
    ) -> None:
        self._tails = tails
        self._start = start
        self._kinesis = kinesis
        self._stream = stream
        self._take = take
        self._most_reads = most_reads
        self._at_once = at_once
        self._iterators: dict[str, str | None] = {}
        self._looked = 0.0

    def read(self) -> None:
        now = time.monotonic()
        if now - self._looked > 30 or not self._iterators:
            self._look_for_shards()
            self._looked = now
        for shard in list(self._iterators):
            for _ in range(self._most_reads):
                if not self._read_once(shard) or self._tails.stopped.is_set():
                    break

    def _read_once(self, shard: str) -> bool:
        """Whether the shard has more that can be read at once."""
        iterator = self._iterators[shard]
        if iterator is None:
            return False  # the shard has ended
        answer = self._kinesis.get_records(ShardIterator=iterator, Limit=self._at_once)
        self._tails.reads += 1
        for record in answer["Records"]:
            self._tails.bytes += len(record["Data"])
            self._take(shard, record)
        behind = int(answer.get("MillisBehindLatest") or 0)
        self._tails.behind_ms[f"{self._stream}/{shard}"] = behind
        self._iterators[shard] = answer.get("NextShardIterator")
        return behind > 0 and bool(answer["Records"])

    def _look_for_shards(self) -> None:
        pages = self._kinesis.get_paginator("list_shards").paginate(StreamName=self._stream)
        for page in pages:
            for shard in page["Shards"]:
                name = shard["ShardId"]
                if name not in self._iterators:
                    answer = self._kinesis.get_shard_iterator(
                        StreamName=self._stream, ShardId=name, ShardIteratorType=self._start
                    )
                    self._iterators[name] = answer["ShardIterator"]
        self._start = "TRIM_HORIZON"  # a shard that a split makes is read from its start


class _LogReader:
    """Lines of ingest's log, by CloudWatch's own filter."""

    def __init__(self, tails: Tails, logs: Any, group: str, since: int) -> None:
        self._tails = tails
        self._logs = logs
        self._group = group
        self._since = since

    def read(self) -> None:
        try:
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=self._group,
                filterPattern=_LOG_PATTERN,
                startTime=max(0, self._since - _LOG_OVERLAP_MS),
            )
            for page in pages:
                for event in page["events"]:
                    self._take(event)
        except self._logs.exceptions.ResourceNotFoundException:
            return  # nothing was logged yet

    def _take(self, event: dict[str, Any]) -> None:
        try:
            line = orjson.loads(event["message"])
        except ValueError:
            return
        if not isinstance(line, dict) or not isinstance(line.get("status"), int) or line["status"] < 400:
            return  # the pattern left it out already, where the service knows patterns of JSON
        line.pop("_aws", None)
        self._since = max(self._since, event["timestamp"])
        with self._tails.lock:
            self._tails.store.take_answer(line, event["timestamp"])


def payload_of(row: dict[str, Any]) -> str:
    """The original of a rejected row as text; compressed ones unpacked, others as they are stored."""
    if row.get("payload_encoding") == "gzip+base64":
        return gzip.decompress(base64.b64decode(row["payload"])).decode(errors="replace")
    return str(row.get("payload") or "")
