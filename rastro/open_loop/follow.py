"""A process that watches where events arrive: the enriched stream, and the files of the lake."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from lake import layout
from rastro.open_loop.destination import Destination

READ_SECONDS, LIST_SECONDS = 0.2, 0.5


class Watching(NamedTuple):
    """What the process needs to know; can be pickled. It ends when `stop` exists. `mark`: begins the ids of the run.

    `file` gets one JSON line for each arrival: `{"id", "at"}` of the stream (the service's own time of arrival, epoch
    ms) and `{"key", "at"}` of a new object (when it was first seen, at most half a second after it was there).
    """

    destination: Destination
    mark: str
    file: Path
    stop: Path


def follow(watching: Watching) -> None:
    """Until `stop` exists. `file` exists as soon as nothing can be missed any more."""
    kinesis, s3 = watching.destination.client("kinesis"), watching.destination.client("s3")
    iterators = _at_the_end(kinesis, watching.destination.enriched_stream)
    seen = {key for key, _ in _objects(s3, watching.destination)}
    pattern = re.compile(rb'"event_id":"(' + watching.mark.encode() + rb'[^"]*)"')
    listed = 0.0
    with watching.file.open("wb") as file:
        file.flush()
        while True:
            ending = (
                watching.stop.exists()
            )  # asked before the last look, so that the look comes after the end
            for shard, iterator in list(iterators.items()):
                iterators[shard] = _read(kinesis, iterator, pattern, file)
            if time.monotonic() - listed >= LIST_SECONDS or ending:
                listed = time.monotonic()
                now = int(time.time() * 1000)
                for key, size in _objects(s3, watching.destination):
                    if size and key not in seen:
                        seen.add(key)
                        file.write(orjson.dumps({"key": key, "at": now}) + b"\n")
            file.flush()
            if ending:
                return
            time.sleep(READ_SECONDS)


def _at_the_end(kinesis: Any, stream: str) -> dict[str, str | None]:
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    return {
        shard["ShardId"]: kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )["ShardIterator"]
        for shard in shards
    }


def _read(kinesis: Any, iterator: str | None, pattern: re.Pattern[bytes], file: Any) -> str | None:
    """All that is there now; the next iterator."""
    while iterator:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
        for record in answer["Records"]:
            at = record["ApproximateArrivalTimestamp"].timestamp() * 1000
            for found in pattern.findall(record["Data"]):
                file.write(orjson.dumps({"id": found.decode(), "at": at}) + b"\n")
        following: str | None = answer.get("NextShardIterator")
        if not answer["Records"]:
            return following
        iterator = following
    return iterator


def _objects(s3: Any, destination: Destination) -> list[tuple[str, int]]:
    """Of today and of the hour before: what arrives now lies nowhere else."""
    now = datetime.now(UTC)
    found = []
    for day in sorted({f"{moment:%Y-%m-%d}" for moment in (now, now - timedelta(hours=1))}):
        prefix = f"{destination.enriched_prefix}{layout.DAY}={day}/"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=destination.bucket, Prefix=prefix)
        found += [(entry["Key"], entry["Size"]) for page in pages for entry in page.get("Contents", ())]
    return found
