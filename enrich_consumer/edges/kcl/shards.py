"""The lineage of the stream's shards, from Kinesis."""

from typing import TYPE_CHECKING, NamedTuple

from enrich_consumer.ports import Lineage

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

LAST_KEY = 2**128 - 1
WHOLE = Lineage(0, LAST_KEY)
"""A stream of one shard without history."""


class KinesisShards:
    """ListShards."""

    def __init__(self, client: "KinesisClient", stream: str) -> None:
        self._client = client
        self._stream = stream

    def lineage(self, shard: str) -> Lineage:
        shards = self._list()
        me = shards[shard]
        parents = tuple(parent for parent in _parents(me) if parent in shards)
        siblings = tuple(
            tuple(name for name, other in shards.items() if parent in _parents(other)) for parent in parents
        )
        keys = me["HashKeyRange"]
        return Lineage(int(keys["StartingHashKey"]), int(keys["EndingHashKey"]), parents, siblings)

    def _list(self) -> dict[str, "ShardTypeDef"]:
        pages = self._client.get_paginator("list_shards").paginate(StreamName=self._stream)
        return {shard["ShardId"]: shard for page in pages for shard in page["Shards"]}


class MemoryShards(NamedTuple):
    """A fixed answer per shard."""

    lineages: dict[str, Lineage]

    def lineage(self, shard: str) -> Lineage:
        return self.lineages[shard]


def _parents(shard: "ShardTypeDef") -> list[str]:
    named = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    return [parent for parent in named if parent]
