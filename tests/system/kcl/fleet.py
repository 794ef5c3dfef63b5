"""A consumer application under load: its streams, its daemons, its lease table, the ledger at the end."""

import itertools
import signal
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from enrich_consumer.settings import Settings
from rastro.local.emulator import aws_environment, client
from tests.system.kcl.daemons import FAULTS, Daemon, wait_for
from tests.system.kcl.load import Load, Sent
from tests.system.kcl.streams import Collector, Streams
from tests.system.kcl.undisturbed import SITES, assert_same, compare, missing, undisturbed


class Fleet:
    """Use it in a `with` block: everything it started is killed at the end."""

    def __init__(
        self, endpoint: str, folder: Path, *, seed: int, kinesis_endpoint: str | None = None
    ) -> None:
        suffix = uuid.uuid4().hex[:8]
        self.application = f"application-{suffix}"
        self.streams = Streams(endpoint, suffix, kinesis_endpoint)
        self.faults = folder / "faults"
        self.daemons: list[Daemon] = []
        self.sent: list[Sent] = []
        self._folder = folder
        self._load = Load(seed)
        self._names = itertools.count(1)
        self._dynamodb = client(endpoint, "dynamodb")
        self._env = self._environment(endpoint)
        self._collector: Collector

    def __enter__(self) -> Self:
        self.faults.mkdir(parents=True)
        self.streams.create()
        self._collector = Collector(self.streams)
        self._collector.start()
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in self.daemons:
            daemon.kill()
        self._collector.stop()

    # daemons

    def start(self, *, supervised: bool = False) -> Daemon:
        """One more daemon; does not wait for its first shard. `supervised`: as a task runs it, started again when it
        dies; its process id is then the supervisor's."""
        options = () if supervised else ("--no-restart",)
        daemon = Daemon(f"daemon-{next(self._names)}", self._folder, self._env, options)
        self.daemons.append(daemon)
        return daemon

    def alive(self) -> list[Daemon]:
        return [daemon for daemon in self.daemons if daemon.alive()]

    def alone(self) -> Daemon:
        """One living daemon with every shard; others are asked to stop."""
        for daemon in self.alive()[1:]:
            daemon.send(signal.SIGTERM)
            daemon.wait_end()
        daemon = self.alive()[0] if self.alive() else self.start()
        self.has_all(daemon, daemon.started_at)
        return daemon

    def pair(self) -> tuple[Daemon, Daemon]:
        """Two living daemons, each with one of the two shards."""
        while len(self.alive()) < 2:
            self.start()
        first, second = self.alive()
        wait_for(
            lambda: len(self.shards(first)) == len(self.shards(second)) == 1,
            lambda: self._deadline_message("a shard each"),
        )
        return first, second

    def shards(self, daemon: Daemon) -> list[str]:
        """Those whose lease the daemon holds and whose processor runs."""
        worker = daemon.worker()
        return [shard for shard, owner in self.owners().items() if owner == worker and daemon.child(shard)]

    def has_all(self, daemon: Daemon, since: float) -> float:
        """Wait until the daemon processes every open shard; seconds from `since` (epoch) to the last one."""
        shards = [shard["ShardId"] for shard in self.streams.open_shards()]
        wait_for(
            lambda: set(shards) <= set(self.shards(daemon)),
            lambda: self._deadline_message(f"{daemon.name} has every shard"),
        )
        taken = {fields["shard"]: fields["at"] for fields in daemon.said("shard taken over")}
        return max(0.0, *(taken[shard] - since for shard in shards))

    def leases(self) -> dict[str, dict[str, Any]]:
        """The items of KCL's lease table, by shard; none while there is no table."""
        try:
            items = self._dynamodb.scan(TableName=self.application, ConsistentRead=True)["Items"]
        except self._dynamodb.exceptions.ResourceNotFoundException:
            return {}
        return {item["leaseKey"]["S"]: item for item in items}

    def owners(self) -> dict[str, str | None]:
        """Worker names by shard; None where nobody holds the lease."""
        return {
            shard: item["leaseOwner"]["S"] if "leaseOwner" in item else None
            for shard, item in self.leases().items()
        }

    # load

    def states(self) -> set[str]:
        """Shards that have entries in the session log."""
        prefix = f"state/{self.application}/"
        pages = self.streams.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.streams.bucket, Prefix=prefix
        )
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key.removeprefix(prefix).partition("/")[0] for key in keys}

    @staticmethod
    def now() -> float:
        """Epoch seconds, as in the daemons' logs."""
        return time.time()

    def put(self, number: int) -> list[Sent]:
        """Put the next records of the day."""
        records = self._load.take(number)
        self.streams.put(records)
        self.sent += records
        return records

    def set_fault(self, name: str, content: str = "") -> None:
        """See faults/sitecustomize.py."""
        (self.faults / name).write_text(content, encoding="utf-8")

    def clear_fault(self, name: str) -> None:
        (self.faults / name).unlink(missing_ok=True)

    def mid_batch(self, shard: str, number: int = 500) -> None:
        """Put records and return in the middle of the shard's batch: some have left, most have not.

        Processors are slow from here on; `clear_fault("slow")` ends it.
        """
        self.set_fault("slow", "0.02")
        begun = len(self._collector.lines())
        records = self.put(number)
        mine = {
            event_id
            for sent in records
            if self.streams.shard_of(sent.partition_key) == shard
            for event_id in sent.event_ids
        }

        def left() -> int:
            return len(mine & {line.row["event_id"] for line in self._collector.lines()[begun:]})

        wait_for(
            lambda: left() > 0, lambda: self._deadline_message(f"the first events of a batch of {shard}")
        )
        assert left() < len(mine) / 2, "the batch was over too soon for a fault in its middle"

    def first_events(self, daemon: Daemon, since: float) -> float:
        """Wait until, of every shard that the daemon took over after `since`, an event has left; seconds from
        `since` to the last of these first events."""
        taken = {fields["shard"]: fields["at"] for fields in daemon.said("shard taken over", since)}
        begun = sum(line.at <= since for line in self._collector.lines())
        first: dict[str, float] = {}

        def all_flow() -> bool:
            for line in self._collector.lines()[begun:]:
                shard = self.streams.shard_of(f"{line.row['site']}/{line.row['visitor_id']}")
                if shard in taken and line.at > taken[shard]:
                    first.setdefault(shard, line.at)
            return first.keys() == taken.keys()

        wait_for(all_flow, lambda: f"an event of each of {list(taken)}")
        return max(first.values()) - since

    def settle(self, label: str) -> dict[str, int]:
        """Wait until everything put so far has come out, and hold it against an undisturbed run."""
        expected = undisturbed(self.streams)

        def left() -> list[str]:
            assert_same(expected, self._collector.lines())
            return missing(expected, self._collector.lines(), self.streams.rejected_rows())

        wait_for(
            lambda: not left(),
            lambda: self._deadline_message(f"{label}: {len(left())} missing, {left()[:5]}"),
        )
        ledger = compare(expected, self.sent, self._collector.lines(), self.streams.rejected_rows())
        print(f"{label}: {ledger}")
        return ledger

    # inside

    def _deadline_message(self, what: str) -> str:
        """For the message of a deadline: what was waited for, and where to look."""
        return f"{what} (logs in {self._folder}; leases {self.owners()})"

    def _environment(self, endpoint: str) -> Mapping[str, str]:
        kinesis = self.streams.kinesis_endpoint
        settings = Settings(
            application=self.application,
            raw_stream=self.streams.raw,
            enriched_stream=self.streams.enriched,
            rejected_delivery=self.streams.rejected,
            session_ends_delivery=self.streams.ends,
            state=f"s3://{self.streams.bucket}/state",
            sites=SITES,
            kinesis_endpoint=kinesis,
            geo_city="none",  # what is fetched on a machine must not make a difference
            geo_asn="none",
            # Many small flushes, checkpoints and snapshots: more moments for a fault to hit.
            flush_events=25,
            flush_seconds=1,
            checkpoint_seconds=1,
            snapshot_saves=15,
        )
        return {
            **settings.to_env(),
            **aws_environment(endpoint),
            "AWS_ENDPOINT_URL_KINESIS": kinesis,
            "RASTRO_TEST_FAULTS": str(self.faults),
            "PYTHONPATH": str(FAULTS),
        }
