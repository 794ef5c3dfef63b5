"""What `benchmarks.closings` sees of the stack's outcome, and when."""

import json
import time
from datetime import datetime
from typing import Any


class Ends:
    """`first`: of each visitor's first provisional row, when it was seen and when its session counts as over (epoch
    seconds)."""

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = f"{prefix}/"
        self._read: set[str] = set()
        self.first: dict[str, tuple[float, float]] = {}

    def look(self) -> None:
        """Read the objects that are new."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        new = [item["Key"] for page in pages for item in page.get("Contents", [])]
        for key in (key for key in new if key not in self._read):
            self._read.add(key)
            at = time.time()
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            for row in map(json.loads, filter(None, body.splitlines())):
                if not row["is_final"]:
                    closed = datetime.fromisoformat(row["closed_at"]).timestamp()
                    self.first.setdefault(row["visitor_id"], (at, closed))


class Late:
    """Events in the enriched stream so far."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self._kinesis = kinesis
        self._iterators = {
            shard["ShardId"]: kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in kinesis.list_shards(StreamName=stream)["Shards"]
        }
        self.events = 0

    def until(self, events: int, seconds: float) -> None:
        """Wait until so many are there.

        Raises:
            TimeoutError: they do not come.
        """
        deadline = time.monotonic() + seconds
        while self.events < events:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.events} of {events} events came out")
            for shard, iterator in self._iterators.items():
                answer = self._kinesis.get_records(ShardIterator=iterator, Limit=1000)
                self._iterators[shard] = answer["NextShardIterator"]
                self.events += sum(record["Data"].count(b"\n") for record in answer["Records"])
            time.sleep(0.5)
