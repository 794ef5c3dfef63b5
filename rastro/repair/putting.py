"""Puts records into a stream or a delivery: in batches, paced, and again only those that were refused."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from rastro.terminal.errors import Problem
from rastro.traffic.post import Pace

AT_ONCE = 400
MOST_BYTES = 3_500_000
"""Of one call: PutRecords takes 500 records and 5 MiB, PutRecordBatch 500 and 4 MiB."""
ATTEMPTS = 8


def batches(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Records, each with its `Data`, as they fit into one call, in their order."""
    batch: list[dict[str, Any]] = []
    size = 0
    for record in records:
        length = len(record["Data"])
        if batch and (len(batch) == AT_ONCE or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += length
    if batch:
        yield batch


def to_stream(kinesis: Any, stream: str, records: Iterable[dict[str, Any]], pace: Pace) -> int:
    """Put records with `Data` and `PartitionKey`, maybe `ExplicitHashKey`; how many they were.

    Raises:
        Problem: the stream does not take them.
    """
    done = 0
    for batch in batches(records):
        pace(len(batch))
        left = batch
        for attempt in range(ATTEMPTS):
            answer = kinesis.put_records(StreamName=stream, Records=left)
            if not answer["FailedRecordCount"]:
                break
            left = [one for one, put in zip(left, answer["Records"], strict=True) if "ErrorCode" in put]
            time.sleep(0.2 * 2**attempt)
        else:
            raise _refused(stream, len(left))
        done += len(batch)
    return done


def to_delivery(firehose: Any, name: str, lines: Iterable[bytes], pace: Pace) -> int:
    """Put rows, each a line; how many they were.

    Raises:
        Problem: the delivery does not take them.
    """
    done = 0
    for batch in batches({"Data": line} for line in lines):
        pace(len(batch))
        left = batch
        for attempt in range(ATTEMPTS):
            answer = firehose.put_record_batch(DeliveryStreamName=name, Records=left)
            if not answer["FailedPutCount"]:
                break
            left = [
                one for one, put in zip(left, answer["RequestResponses"], strict=True) if put.get("ErrorCode")
            ]
            time.sleep(0.2 * 2**attempt)
        else:
            raise _refused(name, len(left))
        done += len(batch)
    return done


def _refused(name: str, count: int) -> Problem:
    text = f"{name} does not take {count} records after {ATTEMPTS} attempts; run the same again"
    return Problem(text, "put_refused")
