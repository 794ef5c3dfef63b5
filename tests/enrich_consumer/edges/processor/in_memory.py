"""One process under the real KCLProcess of amazon_kclpy, over files in memory: no Java."""

import io
from pathlib import Path
from typing import Any

import orjson

from enrich_consumer.edges.kcl.leases import Release
from enrich_consumer.edges.kcl.processor import RecordProcessor
from enrich_consumer.edges.kcl.protocol import Protocol
from enrich_consumer.edges.kcl.shards import WHOLE, MemoryShards
from enrich_consumer.edges.log import Log
from enrich_consumer.edges.metrics import Metrics
from enrich_consumer.policy import Policy
from tests.support.consumer_doubles import Shard
from tests.support.daemon_side import SHARD, Dialogue

LAZY = Policy(flush_events=1_000, flush_seconds=3600, checkpoint_seconds=3600, put_seconds=None)


class Child:
    """One process on a shard whose log and streams are in memory."""

    def __init__(
        self,
        shard: Shard,
        heartbeat: Path | None = None,
        protocol: Any = Protocol,
        release: Release | None = None,
    ) -> None:
        self.shard = shard
        self.log = io.StringIO()
        self.processor = RecordProcessor(
            lambda name, log: shard.open(),
            MemoryShards({SHARD: WHOLE}),
            lambda name, log: Metrics(log, "shop", name),
            Log(self.log, application="shop"),
            heartbeat=heartbeat,
            release=release or self._give_back,
        )
        self.given_back: list[str] = []
        self.dialogue = Dialogue(self.processor, protocol)

    def _give_back(self, name: str) -> bool:
        self.given_back.append(name)
        return True

    def say(self, *said: dict[str, Any]) -> list[dict[str, Any]]:
        return self.dialogue.say(*said)

    def logged(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def exit(self) -> int | str | None:
        return self.dialogue.exit
