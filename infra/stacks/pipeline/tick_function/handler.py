"""Puts a tick into every shard of the raw stream, so that sessions end and carts are abandoned where nobody comes.

A tick is a raw record without events (schemas/raw.schema.json). It needs nothing of ours, because it is the whole
package of a function; the local stack runs the same `tick`.
"""

import json
import os
import time
from typing import Any

TICKS_A_CALL = 2
EVERY_S = 30
"""A schedule calls once a minute at the most, so each call ticks twice."""


def handler(_event: object, _context: object) -> dict[str, int]:
    """The function's entry; an exception is a failed call, which alarms."""
    import boto3  # noqa: PLC0415 - the local stack brings its own client

    kinesis = boto3.client("kinesis")
    shards = 0
    for number in range(TICKS_A_CALL):
        if number:
            time.sleep(EVERY_S)
        shards = tick(kinesis, os.environ["RASTRO_RAW_STREAM"], round(time.time() * 1000))
    return {"shards": shards}


def tick(kinesis: Any, stream: str, now: int) -> int:
    """Put one tick, at `now` epoch ms, on each open shard; the number of shards.

    Shards are looked for each time, so a split or merge needs no setting. A shard that was closed in between takes the
    record to its child.

    Raises:
        RuntimeError: some shards did not take it, twice.
    """
    data = json.dumps(
        {
            "v": 1,
            "site": "rastro",
            "visitor_id": "rastro-tick",
            "visitor_kind": "cookie",
            "received_at": now,
            "events": [],
        }
    ).encode()
    shards = open_shards(kinesis, stream)
    left = [
        {
            "Data": data,
            "PartitionKey": "rastro-tick",
            "ExplicitHashKey": shard["HashKeyRange"]["StartingHashKey"],
        }
        for shard in shards
    ]
    for _ in range(2):
        refused = []
        for start in range(0, len(left), 500):
            part = left[start : start + 500]
            answer = kinesis.put_records(StreamName=stream, Records=part)
            refused += [
                entry
                for entry, result in zip(part, answer["Records"], strict=True)
                if result.get("ErrorCode")
            ]
        if not refused:
            return len(shards)
        left = refused
    raise RuntimeError(f"{len(left)} of {len(shards)} shards did not take the tick")


def open_shards(kinesis: Any, stream: str) -> list[dict[str, Any]]:
    """The shards that take records now."""
    found: list[dict[str, Any]] = []
    asked: dict[str, str] = {"StreamName": stream}
    while True:
        answer = kinesis.list_shards(**asked)
        found += answer["Shards"]
        if not answer.get("NextToken"):
            break
        asked = {"NextToken": answer["NextToken"]}
    return [shard for shard in found if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
