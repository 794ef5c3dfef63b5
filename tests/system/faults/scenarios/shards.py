"""Shards that are split and merged under load."""

from functools import partial

from tests.system.faults.play import Scenario
from tests.system.faults.stage import Stage


def _reshape(stage: Stage, what: str, kill_first: bool = False) -> None:
    kinesis, stream = stage.client("kinesis-raw"), stage.facts.raw_stream
    shards = [
        shard
        for shard in kinesis.list_shards(StreamName=stream)["Shards"]
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    ]
    shards.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
    if what == "split":
        keys = shards[0]["HashKeyRange"]
        middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
        kinesis.split_shard(
            StreamName=stream, ShardToSplit=shards[0]["ShardId"], NewStartingHashKey=str(middle)
        )
    else:
        first, second = shards[0]["ShardId"], shards[1]["ShardId"]
        kinesis.merge_shards(StreamName=stream, ShardToMerge=first, AdjacentShardToMerge=second)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    if kill_first:
        stage.service.alive()[0].kill()
    stage.has_all()
    stage.over()


SCENARIOS = (
    Scenario(
        "shards-01-split",
        "a shard is split under load",
        partial(_reshape, what="split"),
        "shards",
        kind="resharding",
    ),
    Scenario(
        "shards-02-merge",
        "two shards are merged under load",
        partial(_reshape, what="merge"),
        "shards",
        kind="resharding",
    ),
    Scenario(
        "shards-03-split-and-kill",
        "a shard is split, and the task is killed before the parent's end was read",
        partial(_reshape, what="split", kill_first=True),
        "shards",
        ("consumer-tasks",),
        kind="resharding",
    ),
)
