"""Reads the streams and the rejected table as they grow, one thread each, into a store."""

import base64
import gzip
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from console.store import Store
from lake.objects import Fetched

READ_SECONDS = 1.0
"""A shard answers five reads a second in all; the consumer makes two."""
PAUSE_AFTER_ERROR = 3.0


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
        self._threads: list[threading.Thread] = []

    def follow_stream(
        self,
        kinesis: Any,
        stream: str,
        take: Callable[[str, dict[str, Any]], None],
        start: str = "TRIM_HORIZON",
    ) -> None:
        """Read every shard of a stream. `take` gets the shard and the record; `start`: TRIM_HORIZON or LATEST."""
        self._start(stream, lambda: _StreamReader(kinesis, stream, take, self.behind_ms, start).read)

    def follow_rejected(self, s3: Any, bucket: str, prefix: str, folder: Path) -> None:
        """Read the Parquet files of the rejected table as Firehose writes them."""
        self._start(
            "rejected", lambda: _RejectedReader(Fetched(s3, bucket, prefix, folder), self._take_rejected).read
        )

    def stop(self) -> None:
        """End the threads; waits for the reads under way."""
        self.stopped.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def take_raw(self, shard: str, record: dict[str, Any]) -> None:
        """A record of the raw stream as GetRecords gives it."""
        try:
            body = json.loads(record["Data"])
        except ValueError:
            return  # the consumer rejects it, and the rejected table shows it
        if isinstance(body, dict):
            with self.lock:
                self.store.take_raw(shard, record["SequenceNumber"], _ms(record), body)

    def take_enriched(self, shard: str, record: dict[str, Any]) -> None:
        """A record of the enriched stream: many lines."""
        lines = [json.loads(line) for line in record["Data"].splitlines() if line]
        with self.lock:
            for columns in lines:
                self.store.take_enriched(shard, record["SequenceNumber"], _ms(record), columns)

    def _take_rejected(self, key: str, row: dict[str, Any]) -> None:
        at = int(row["rejected_at"].timestamp() * 1000)
        with self.lock:
            self.store.take_rejected(key, at, row | {"rejected_at": row["rejected_at"].isoformat()})

    def _start(self, name: str, make: Callable[[], Callable[[], None]]) -> None:
        def run() -> None:
            read = make()
            while not self.stopped.is_set():
                try:
                    read()
                    self.errors.pop(name, None)
                    pause = READ_SECONDS
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
        kinesis: Any,
        stream: str,
        take: Callable[[str, dict[str, Any]], None],
        behind_ms: dict[str, int],
        start: str,
    ) -> None:
        self._start = start
        self._kinesis = kinesis
        self._stream = stream
        self._take = take
        self._behind_ms = behind_ms
        self._iterators: dict[str, str | None] = {}
        self._looked = 0.0

    def read(self) -> None:
        now = time.monotonic()
        if now - self._looked > 30 or not self._iterators:
            self._look_for_shards()
            self._looked = now
        for shard, iterator in list(self._iterators.items()):
            if iterator is None:
                continue  # the shard has ended
            answer = self._kinesis.get_records(ShardIterator=iterator, Limit=1_000)
            for record in answer["Records"]:
                self._take(shard, record)
            self._behind_ms[f"{self._stream}/{shard}"] = int(answer.get("MillisBehindLatest") or 0)
            self._iterators[shard] = answer.get("NextShardIterator")

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


class _RejectedReader:
    """New files of the rejected table, row by row."""

    def __init__(self, files: Fetched, take: Callable[[str, dict[str, Any]], None]) -> None:
        self._files = files
        self._take = take

    def read(self) -> None:
        for path in self._files.new():
            with duckdb.connect() as database:
                cursor = database.execute("SELECT * FROM read_parquet($file)", {"file": str(path)})
                names = [column[0] for column in cursor.description or ()]
                for values in cursor.fetchall():
                    self._take(path.name, dict(zip(names, values, strict=True)))


def payload_of(row: dict[str, Any]) -> str:
    """The original of a rejected row as text; compressed ones unpacked, others as they are stored."""
    if row.get("payload_encoding") == "gzip+base64":
        return gzip.decompress(base64.b64decode(row["payload"])).decode(errors="replace")
    return str(row.get("payload") or "")
