"""The raw stream of the local stack, read from its start."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from rastro.course.lab_stack import LabStack


class Record(NamedTuple):
    """`at`: epoch seconds of arrival; `events`: how many it holds, none in a tick; `content`: the raw record."""

    shard: str
    sequence: int
    at: float
    events: int
    content: dict[str, Any]


def records(lab_stack: LabStack) -> Iterator[Record]:
    """All records, shard by shard, in their order."""
    kinesis = lab_stack.client("kinesis")
    stream = lab_stack.facts.raw_stream
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        where = {"StreamName": stream, "ShardId": shard["ShardId"]}
        iterator = kinesis.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while found := (answer := kinesis.get_records(ShardIterator=iterator))["Records"]:
            for one in found:
                content = json.loads(one["Data"])
                yield Record(
                    shard["ShardId"],
                    int(one["SequenceNumber"]),
                    one["ApproximateArrivalTimestamp"].timestamp(),
                    len(content.get("events", ())),
                    content,
                )
            iterator = answer["NextShardIterator"]


def visitor_of(lab_stack: LabStack, page: str) -> str | None:
    """The visitor that last posted an event of a page with this in its URL."""
    found = [
        (record.at, str(record.content["visitor_id"]))
        for record in records(lab_stack)
        for event in record.content.get("events", ())
        if page in str((event.get("page") or {}).get("url"))
    ]
    return max(found)[1] if found else None
