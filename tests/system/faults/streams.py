"""A stream read from its beginning, record by record, through whatever happens to it."""

import threading
import time
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError


class Read(NamedTuple):
    """One record as it was read. `at`: epoch seconds."""

    at: float
    shard: str
    sequence: int
    data: bytes
    arrived_ms: int | None


class Reader:
    """Every record of every shard of a stream, once; new shards and lost connections are taken as they come."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._last: dict[str, str | None] = {}
        self._iterators: dict[str, str | None] = {}
        self.records: list[Read] = []
        self.parents: dict[str, tuple[str, ...]] = {}

    def poll(self) -> int:
        """Take in what is new; how many records. Raises nothing that a later poll may not make good."""
        try:
            shards = self._kinesis.list_shards(StreamName=self._stream)["Shards"]
            for shard in shards:
                name = shard["ShardId"]
                self._last.setdefault(name, None)
                named = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
                self.parents[name] = tuple(parent for parent in named if parent)
            return sum(self._read(name) for name in list(self._last))
        except (BotoCoreError, ClientError):
            self._iterators.clear()  # of a service that was started again
            return 0

    def _read(self, shard: str) -> int:
        if shard not in self._iterators:
            self._iterators[shard] = self._open(shard)
        taken = 0
        while iterator := self._iterators[shard]:
            answer = self._kinesis.get_records(ShardIterator=iterator, Limit=1000)
            self._iterators[shard] = answer.get("NextShardIterator")
            at = time.time()
            for record in answer["Records"]:
                self._last[shard] = record["SequenceNumber"]
                arrived = record.get("ApproximateArrivalTimestamp")
                arrived_ms = int(arrived.timestamp() * 1000) if arrived else None
                self.records.append(
                    Read(at, shard, int(record["SequenceNumber"]), record["Data"], arrived_ms)
                )
            taken += len(answer["Records"])
            if not answer["Records"]:
                break
        return taken

    def _open(self, shard: str) -> str:
        last = self._last[shard]
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if last is not None:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
        answer = self._kinesis.get_shard_iterator(StreamName=self._stream, ShardId=shard, **start)
        return str(answer["ShardIterator"])


class Follower:
    """A reader in a thread of its own, so that each record has the time when it came."""

    def __init__(self, reader: Reader, pause: float = 0.2) -> None:
        self.reader = reader
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            self.reader.poll()
