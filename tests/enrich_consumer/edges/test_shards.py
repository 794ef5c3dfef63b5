"""The stream's shards: what a shard's lineage is, from Kinesis and from memory."""

import pytest

from enrich_consumer.edges.kcl.shards import LAST_KEY, WHOLE, KinesisShards, MemoryShards
from enrich_consumer.ports import Lineage
from rastro.local import emulator as local_emulator

HALF = 2**127


def test_memory():
    shards = MemoryShards({"s0": WHOLE, "s1": Lineage(0, 9, ("s0",), (("s1",),))})
    assert shards.lineage("s0") == WHOLE
    assert shards.lineage("s1").parents == ("s0",)
    with pytest.raises(KeyError):
        shards.lineage("s2")


@pytest.mark.emulator
def test_shards_of_a_stream_share_the_keys(emulator: str):
    client = local_emulator.client(emulator, "kinesis")
    client.create_stream(StreamName="shards", ShardCount=3)
    client.get_waiter("stream_exists").wait(StreamName="shards", WaiterConfig={"Delay": 1})
    shards = KinesisShards(client, "shards")
    names = [shard["ShardId"] for shard in client.list_shards(StreamName="shards")["Shards"]]
    found = sorted(shards.lineage(name) for name in names)
    assert found[0].first_key == 0
    assert found[-1].last_key == LAST_KEY
    assert [one.last_key + 1 for one in found[:-1]] == [one.first_key for one in found[1:]]
    assert all(one.parents == () == one.siblings for one in found)
    with pytest.raises(KeyError):
        shards.lineage("shardId-000000000009")


class _Listed:
    """ListShards in two pages, as Kinesis answers after a split and a merge."""

    def __init__(self, *shards: tuple[str, int, int, str | None, str | None]) -> None:
        self._shards = [
            {
                "ShardId": name,
                "HashKeyRange": {"StartingHashKey": str(first), "EndingHashKey": str(last)},
                **({"ParentShardId": parent} if parent else {}),
                **({"AdjacentParentShardId": adjacent} if adjacent else {}),
            }
            for name, first, last, parent, adjacent in shards
        ]

    def get_paginator(self, operation: str) -> "_Listed":
        assert operation == "list_shards"
        return self

    def paginate(self, **given: str) -> list[dict[str, object]]:
        assert given == {"StreamName": "raw"}
        return [{"Shards": self._shards[:2]}, {"Shards": self._shards[2:]}]


def _resharded() -> KinesisShards:
    return KinesisShards(
        _Listed(
            ("s0", 0, LAST_KEY, None, None),
            ("s1", 0, HALF - 1, "s0", None),
            ("s2", HALF, LAST_KEY, "s0", None),
            ("s3", 0, LAST_KEY, "s1", "s2"),
        ),
        "raw",
    )


def test_a_split_gives_two_children_who_know_each_other():
    assert _resharded().lineage("s0") == WHOLE
    assert _resharded().lineage("s1") == Lineage(0, HALF - 1, ("s0",), (("s1", "s2"),))
    assert _resharded().lineage("s2") == Lineage(HALF, LAST_KEY, ("s0",), (("s1", "s2"),))


def test_a_merge_gives_one_child_of_two_parents():
    assert _resharded().lineage("s3") == Lineage(0, LAST_KEY, ("s1", "s2"), (("s3",), ("s3",)))


def test_a_parent_that_the_stream_has_forgotten_is_left_out():
    shards = KinesisShards(_Listed(("s3", 0, 9, "s1", "s2"), ("s2", 5, 9, "s0", None)), "raw")
    assert shards.lineage("s3") == Lineage(0, 9, ("s2",), (("s3",),))
    assert shards.lineage("s2") == Lineage(5, 9)
