"""CPU of the whole worker, KCL's Java daemon and its children, on the local emulator: seconds per
million events.

One daemon reads, in turn, events of the two sizes and records of ten events and of one. Before it counts, a
first part warms it up until Java's compiler is nearly quiet: a worker lives for days, so what is compiled once
must not be multiplied up to a million events. What the compiler and the collector still took is reported.
Each part is the same generated records in rounds, every round under new ids and an hour later; its CPU is
counted from its first record until its last event is in the enriched stream. The emulator's CPU is not counted.
Between Java and the emulator goes JSON instead of AWS's CBOR, which costs the daemon more than AWS would.

Java sees one processor and 3 GiB, as in a task of the settings' own size: its collector and its heap follow from
them. JAVA_TOOL_OPTIONS in the environment replaces that: other flags are tried out with it.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmarks.consumer import settings_of
from benchmarks.cpu import Meter, Used
from benchmarks.mixes import MIXES, stream
from benchmarks.workload import raw_records, renamed
from rastro.local import emulator, processes
from rastro.terminal.errors import Problem

HELP = "CPU-seconds of the whole worker per million events, on the local emulator"

BUCKET = "rastro-benchmark"
PATIENCE_S = 600.0
QUIET_S = 8.0
"""Longer than an event waits for a flush."""
HOUR_MS = 3_600_000
ROUNDS = 256
"""At most, of all parts together. They begin that many hours ago: the consumer takes nothing from the future."""
GENERATED = 20_000
"""Events of a part that are generated; the others are these again."""
MOST = 0.8
"""Of the events, at least: the rest are copies, which the consumer drops."""


class Part(NamedTuple):
    """What is measured by itself. `share`: of the events asked for. `at_once`: records of a put, at most 5 MB."""

    name: str
    per_record: int
    filled: bool
    share: float
    at_once: int
    mix: str = ""


# The emulator goes through all its records at every call: those of one event are fewer, and come first.
PARTS = (
    Part("one", 1, filled=True, share=0.3, at_once=500),
    Part("bare_one", 1, filled=False, share=0.3, at_once=500),
    Part("ten", 10, filled=True, share=1.0, at_once=200),
    Part("bare_ten", 10, filled=False, share=1.0, at_once=200),
)
MIXED = tuple(
    Part(f"{mix}_{word}", per_record, filled=False, share=share, at_once=at_once, mix=mix)
    for mix in MIXES
    for word, per_record, share, at_once in (("one", 1, 0.3, 500), ("ten", 10, 1.0, 200))
)
"""As they come, never the same again: what `--mix` measures instead."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--events",
        type=int,
        default=300_000,
        help="events of each part; 3 in 10 of it where a record has one (default 300000)",
    )
    parser.add_argument("--warm", type=int, default=300_000, help="events before any count (default 300000)")
    parser.add_argument(
        "--idle",
        type=float,
        default=30.0,
        help="seconds to measure with nothing to do, at the end (default 30)",
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=[part.name for part in PARTS],
        default=[part.name for part in PARTS],
        help="which to measure (default all)",
    )
    parser.add_argument(
        "--shards", type=int, default=2, help="of both streams, all in this worker (default 2)"
    )
    parser.add_argument("--mix", nargs="+", choices=MIXES, default=[], help="measure these mixes instead")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All parts through one daemon."""
    parts = [part for part in PARTS if part.name in args.parts]
    if args.mix:
        parts = [part for part in MIXED if part.mix in args.mix]
    figures: dict[str, Any] = {"events": args.events, "shards": args.shards}
    with tempfile.TemporaryDirectory(prefix="rastro-benchmark-") as folder:
        home = Path(folder)
        aws = emulator.start(home / "emulator", home / "emulator.log")
        try:
            _prepare(aws, args.shards)
            daemon = _start(aws, home)
            try:
                figures |= _measure(aws, _Worker(daemon, home / "daemon.log", args.shards), parts, args)
            finally:
                processes.end(daemon, 30.0)
        finally:
            aws.stop()
    for name, value in figures.items():
        print(f"{name:40} {value:>12,}", file=sys.stderr)
    return figures


def _measure(
    aws: emulator.Emulator, worker: "_Worker", parts: Sequence[Part], args: argparse.Namespace
) -> dict[str, Any]:
    rounds = iter(range(ROUNDS))
    generated = min(GENERATED, args.events)
    feeds = [_Feed(aws, part, seed, generated, rounds) for seed, part in enumerate(parts, 1)]
    worker.until(worker.reads_all)
    count = _Counter(aws)
    # Records of one take other ways through the code than records of ten: all kinds, in turn.
    warmed = 0
    while warmed < args.warm:
        warmed += sum(feed.round() for feed in feeds)
    worker.drain(count, warmed)
    figures: dict[str, Any] = {"java_cpu_s_start_and_warming": round(worker.meter.read().java, 1)}
    for feed in feeds:
        figures |= _part(worker, count, feed, args.events)
    return figures | (_idle(worker, args.idle) if args.idle else {})


def _part(worker: "_Worker", count: "_Counter", feed: "_Feed", events: int) -> dict[str, float]:
    name = feed.part.name
    before, lines, started = worker.meter.read(), count.total, time.monotonic()
    put = 0
    while put < events * feed.part.share:
        put += feed.round()
    ended, at = worker.drain(count, put)
    used, delivered = ended.since(before), count.total - lines

    def of_million(seconds: float) -> float:
        return round(seconds / delivered * 1e6, 1)

    return {
        f"cpu_s_per_million_{name}": of_million(used.all),
        f"java_cpu_s_per_million_{name}": of_million(used.java),
        f"java_compiler_cpu_s_per_million_{name}": of_million(used.compiler),
        f"java_collector_cpu_s_per_million_{name}": of_million(used.collector),
        f"children_cpu_s_per_million_{name}": of_million(used.children),
        f"bytes_per_event_{name}": feed.bytes_per_event,
        f"delivered_{name}": delivered,
        f"events_per_s_wall_{name}": round(delivered / (at - started)),
    }


def _idle(worker: "_Worker", seconds: float) -> dict[str, float]:
    before = worker.meter.read()
    time.sleep(seconds)
    used = worker.meter.read().since(before)
    return {
        "idle_java_cpu_s_per_hour": round(used.java / seconds * 3600),
        "idle_children_cpu_s_per_hour": round(used.children / seconds * 3600),
        "java_rss_mb": worker.resident_mb(),
        "children_rss_mb": worker.children_mb(),
    }


class _Feed:
    """The generated records of a part, put into the raw stream again and again."""

    def __init__(
        self, aws: emulator.Emulator, part: Part, seed: int, events: int, rounds: Iterator[int]
    ) -> None:
        self._kinesis = aws.client("kinesis")
        self.part = part
        self._stream = stream(part.mix, seed, part.per_record) if part.mix else iter(())
        if part.mix:
            self._records = list(islice(self._stream, int(events * part.share) // part.per_record))
        else:
            self._records = raw_records(seed, int(events * part.share), part.per_record, filled=part.filled)
        self.bytes_per_event = round(sum(map(len, self._records)) / len(self._records) / part.per_record)
        self._rounds = rounds

    def round(self) -> int:
        """How many events it was."""
        number = next(self._rounds)
        if self.part.mix:
            records = list(islice(self._stream, len(self._records)))
        else:
            records = renamed(self._records, number, (number - ROUNDS) * HOUR_MS)
        for start in range(0, len(records), self.part.at_once):
            entries = []
            for data in records[start : start + self.part.at_once]:
                raw = orjson.loads(data)
                entries.append({"Data": data, "PartitionKey": f"{raw['site']}/{raw['visitor_id']}"})
            refused = self._kinesis.put_records(StreamName="raw", Records=entries)["FailedRecordCount"]
            if refused:
                raise Problem(f"the emulator refused {refused} records")
        return len(records) * self.part.per_record


class _Worker:
    """The supervisor, which leads a process group, KCL's daemon, and its children."""

    def __init__(self, pid: int, log: Path, shards: int) -> None:
        self._pid = pid
        self._shards = shards
        self._log = log
        self.meter = Meter(pid)

    def reads_all(self) -> bool:
        """Whether every shard has a child."""
        return self._log.read_bytes().count(b'"shard taken over"') >= self._shards

    def drain(self, count: "_Counter", put: int) -> tuple[Used, float]:
        """Until what was put is in the enriched stream; CPU and the clock when the last of it came."""
        start = count.total
        last = self.meter.read(), time.monotonic()

        def done() -> bool:
            nonlocal last
            if count.come():
                last = self.meter.read(), time.monotonic()
            return count.total - start > put * MOST and time.monotonic() - last[1] > QUIET_S

        self.until(done)
        return last

    def until(self, done: Callable[[], bool]) -> None:
        """Ask every quarter of a second.

        Raises:
            Problem: the daemon has ended, or it takes too long.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            if not processes.alive(self._pid):
                raise Problem(f"the daemon has ended:\n{processes.tail(self._log)}")
            if time.monotonic() > deadline:
                raise Problem(f"not done within {PATIENCE_S:.0f} s:\n{processes.tail(self._log)}")
            time.sleep(0.25)

    def resident_mb(self) -> int:
        """Memory of Java now."""
        return _resident_mb(self.meter.java_pid())

    def children_mb(self) -> int:
        """Memory of all children now, what they share counted for each."""
        found = Path(f"/proc/{self.meter.java_pid()}/task").glob("*/children")
        return sum(_resident_mb(int(pid)) for tasks in found for pid in tasks.read_text("ascii").split())


def _resident_mb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


class _Counter:
    """Lines of the enriched stream so far. Copies that the consumer drops never come: what counts is that
    nothing has come for a while."""

    def __init__(self, aws: emulator.Emulator) -> None:
        self._kinesis = aws.client("kinesis")
        shards = self._kinesis.list_shards(StreamName="enriched")["Shards"]
        self._iterators = [
            self._kinesis.get_shard_iterator(
                StreamName="enriched", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in shards
        ]
        self.total = 0

    def come(self) -> int:
        """How many came since the last time."""
        came = 0
        for index, iterator in enumerate(self._iterators):
            answer = self._kinesis.get_records(ShardIterator=iterator, Limit=1000)
            self._iterators[index] = answer["NextShardIterator"]
            came += sum(record["Data"].count(b"\n") for record in answer["Records"])
        self.total += came
        return came


def _prepare(aws: emulator.Emulator, shards: int) -> None:
    kinesis, firehose = aws.client("kinesis"), aws.client("firehose")
    for name in ("raw", "enriched"):
        kinesis.create_stream(StreamName=name, ShardCount=shards)
    aws.client("s3").create_bucket(Bucket=BUCKET)
    firehose.create_delivery_stream(
        DeliveryStreamName="rejected",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/any",
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": "rejected/",
        },
    )


def _start(aws: emulator.Emulator, home: Path) -> int:
    env = {
        "JAVA_TOOL_OPTIONS": "-XX:ActiveProcessorCount=1 -XX:MaxRAM=3g",
        **os.environ,
        **settings_of("benchmark", f"s3://{BUCKET}/state").to_env(),
        **emulator.aws_environment(aws.endpoint),
    }
    command = [sys.executable, "-m", "enrich_consumer", "kcl", "--folder", str(home / "kcl")]
    return processes.launch(command, env, home / "daemon.log", cwd=home)
