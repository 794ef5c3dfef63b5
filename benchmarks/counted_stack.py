"""A local stack whose consumer's AWS calls are counted, and what lies in its streams and its lake."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rastro.local import emulator, stack


class Sizes(NamedTuple):
    """The records of a stream: bytes of each, its partition key's too, and how many events it holds."""

    bytes: tuple[int, ...]
    events: tuple[int, ...]


class Counted:
    """A running stack. `calls()`: of the consumer so far, by service and action."""

    def __init__(self, local: stack.LocalStack, proxy: "subprocess.Popen[str]") -> None:
        self.local = local
        self._proxy = proxy

    def calls(self) -> dict[str, int]:
        assert self._proxy.stdin is not None
        assert self._proxy.stdout is not None
        self._proxy.stdin.write("now\n")
        self._proxy.stdin.flush()
        found: dict[str, int] = json.loads(self._proxy.stdout.readline())
        return found

    def stream(self, name: str, skip: Mapping[str, str] | None = None) -> tuple[Sizes, dict[str, str]]:
        """Everything in a stream after the sequence numbers `skip` (by shard), and the last numbers."""
        kinesis = self.local.client("kinesis")
        sizes: list[int] = []
        events: list[int] = []
        last = dict(skip or {})
        for shard in kinesis.list_shards(StreamName=name)["Shards"]:
            where: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
            if skip and shard["ShardId"] in skip:
                where = {
                    "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                    "StartingSequenceNumber": skip[shard["ShardId"]],
                }
            iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], **where)
            at = iterator["ShardIterator"]
            while True:
                answer = kinesis.get_records(ShardIterator=at, Limit=1000)
                for record in answer["Records"]:
                    held = record["Data"].count(b'"event_id"')
                    if held:  # a tick has none
                        sizes.append(len(record["Data"]) + len(record["PartitionKey"]))
                        events.append(held)
                    last[shard["ShardId"]] = record["SequenceNumber"]
                if not answer["Records"]:
                    break
                at = answer["NextShardIterator"]
        return Sizes(tuple(sizes), tuple(events)), last


@contextmanager
def counted(home: Path, consumer_env: Mapping[str, str] | None = None) -> Iterator[Counted]:
    """Start both, the consumer as it is in a checkout; stop both at the end."""
    port = emulator.free_port()
    proxy = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.counting_proxy", "--to", f"http://127.0.0.1:{port}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert proxy.stdout is not None
    assert proxy.stdin is not None
    try:
        endpoint = proxy.stdout.readline().strip()
        env = {"AWS_ENDPOINT_URL": endpoint, **(consumer_env or {})}
        quiet = lambda text: print(f"  {text}", file=sys.stderr)  # noqa: E731 - one word
        with stack.start(home, port=port, consumer_env=env, report=quiet) as local:
            yield Counted(local, proxy)
    finally:
        proxy.stdin.close()
        proxy.wait(10)
        proxy.stdout.close()
