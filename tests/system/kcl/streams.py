"""The two streams, the bucket and the rejected delivery of one test; what went in and what came out."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import md5
from typing import Any, NamedTuple

from infra.stacks.pipeline.tick_function.handler import tick
from rastro.local.emulator import ACCOUNT, client
from tests.system.kcl.load import Sent

SHARDS = 2
PART = 100
"""Records of one PutRecords call."""


class Line(NamedTuple):
    """One enriched event as it was read. `at`: epoch seconds."""

    at: float
    text: bytes
    row: dict[str, Any]


class Streams:
    """Names end in `suffix`, so that tests share an emulator. `kinesis_endpoint` may be another emulator."""

    def __init__(self, endpoint: str, suffix: str, kinesis_endpoint: str | None = None) -> None:
        self.endpoint = endpoint
        self.kinesis_endpoint = kinesis_endpoint or endpoint
        self.kinesis = client(self.kinesis_endpoint, "kinesis")
        self.s3 = client(endpoint, "s3")
        self.raw = f"raw-{suffix}"
        self.enriched = f"enriched-{suffix}"
        self.bucket = f"bucket-{suffix}"
        self.rejected = f"rejected-{suffix}"
        self.ends = f"ends-{suffix}"
        self._open: list[dict[str, Any]] = []
        self._delivered: dict[str, list[bytes]] = {}

    def create(self) -> None:
        for name in (self.raw, self.enriched):
            self.kinesis.create_stream(StreamName=name, ShardCount=SHARDS)
            self.kinesis.get_waiter("stream_exists").wait(
                StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
            )
        self.s3.create_bucket(Bucket=self.bucket)
        for name, prefix in ((self.rejected, "rejected/"), (self.ends, "ends/")):
            client(self.endpoint, "firehose").create_delivery_stream(
                DeliveryStreamName=name,
                ExtendedS3DestinationConfiguration={
                    "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/any",
                    "BucketARN": f"arn:aws:s3:::{self.bucket}",
                    "Prefix": prefix,
                },
            )

    def put(self, records: Sequence[Sent]) -> None:
        """Put in order, as ingest does; every record has to be taken."""
        for start in range(0, len(records), PART):
            entries = [
                {"Data": sent.data, "PartitionKey": sent.partition_key}
                for sent in records[start : start + PART]
            ]
            while entries:
                answer = self.kinesis.put_records(StreamName=self.raw, Records=entries)
                entries = [
                    entry
                    for entry, taken in zip(entries, answer["Records"], strict=True)
                    if taken.get("ErrorCode")
                ]

    def rejected_rows(self) -> list[dict[str, Any]]:
        """The rows of the rejected table so far."""
        return [json.loads(line) for line in self._lines("rejected/")]

    def end_lines(self) -> list[bytes]:
        """The lines of the table `session_ends` so far, copies too."""
        return self._lines("ends/")

    def _lines(self, prefix: str) -> list[bytes]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            for key in (item["Key"] for item in page.get("Contents", [])):
                if key not in self._delivered:
                    body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
                    self._delivered[key] = [text for text in body.splitlines() if text.strip()]
        return [line for key, lines in self._delivered.items() if key.startswith(prefix) for line in lines]

    def tick(self, at: int) -> None:
        """Tell every open shard the time (epoch ms), as a schedule does."""
        tick(self.kinesis, self.raw, at)

    def split(self, shard: dict[str, Any]) -> None:
        """In the middle of its hash keys; returns when the stream is ready."""
        keys = shard["HashKeyRange"]
        middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
        self.kinesis.split_shard(
            StreamName=self.raw, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle)
        )
        self._reshaped()

    def merge(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        """Two shards with adjacent hash keys; returns when the stream is ready."""
        self.kinesis.merge_shards(
            StreamName=self.raw, ShardToMerge=first["ShardId"], AdjacentShardToMerge=second["ShardId"]
        )
        self._reshaped()

    def _reshaped(self) -> None:
        self.kinesis.get_waiter("stream_exists").wait(
            StreamName=self.raw, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        self._open = []

    def open_shards(self) -> list[dict[str, Any]]:
        """The raw stream's shards that still take records, by hash key."""
        shards = self.shards()
        alive = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
        return sorted(alive, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))

    def shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = self.kinesis.list_shards(StreamName=self.raw)["Shards"]
        return shards

    def shard_of(self, partition_key: str) -> str:
        """The open shard of the raw stream that takes the key."""
        if not self._open:
            self._open = self.open_shards()
        key = int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest(), "big")
        for shard in self._open:
            keys = shard["HashKeyRange"]
            if int(keys["StartingHashKey"]) <= key <= int(keys["EndingHashKey"]):
                return str(shard["ShardId"])
        raise LookupError(partition_key)


def read_all(kinesis: Any, stream: str, shard: str) -> list[dict[str, Any]]:
    """Every record of a shard, from its beginning to now."""
    records: list[dict[str, Any]] = []
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    while iterator:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
        records += answer["Records"]
        if not answer["Records"] and not answer.get("MillisBehindLatest"):
            break
        iterator = answer.get("NextShardIterator")
    return records


class Collector:
    """Reads the enriched stream all the time, as Firehose does, and remembers when each line came."""

    def __init__(self, streams: Streams) -> None:
        self._kinesis = client(streams.kinesis_endpoint, "kinesis")
        self._stream = streams.enriched
        self._stop = threading.Event()
        self._lines: list[Line] = []
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self.error: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def lines(self) -> list[Line]:
        """All lines so far; within an enriched shard in its order."""
        if self.error is not None:
            raise AssertionError("the enriched stream cannot be read") from self.error
        return self._lines[:]

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - raised by `lines` in the test's own thread
            self.error = error

    def _read(self) -> None:
        iterators: dict[str, str] = {
            shard["ShardId"]: self._kinesis.get_shard_iterator(
                StreamName=self._stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in self._kinesis.list_shards(StreamName=self._stream)["Shards"]
        }
        while not self._stop.wait(0.25):
            for shard, iterator in iterators.items():
                answer = self._kinesis.get_records(ShardIterator=iterator, Limit=500)
                iterators[shard] = answer["NextShardIterator"]
                at = time.time()
                for record in answer["Records"]:
                    self._lines += [Line(at, text, json.loads(text)) for text in record["Data"].splitlines()]


def by_visitor(rows: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """Each visitor's event ids in the order they first left."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for row in rows:
        if row["event_id"] not in seen:
            seen.add(row["event_id"])
            found[row["visitor_id"]].append(row["event_id"])
    return dict(found)
