"""CPU of the whole worker, KCL's Java daemon and its children, on the local emulator: seconds per million events.

The daemon is started on empty streams; its CPU is counted from the moment when all shards are taken until
the last event is in the enriched stream, after a first part that warms Java's compiler up. The emulator's CPU
is not counted.
Between Java and the emulator goes JSON instead of AWS's CBOR, which costs the daemon more than AWS would.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from benchmarks.workload import raw_records
from rastro.local import emulator, processes
from rastro.problem import Problem
from schemas.files import FOLDER

HELP = "CPU-seconds of the whole worker per million events, on the local emulator"

SHARDS = 2
BUCKET = "rastro-benchmark"
PATIENCE_S = 600.0
QUIET_S = 4.0
MOST = 0.8
"""Of the events, at least: the rest are copies, which the consumer drops."""
TICKS = os.sysconf("SC_CLK_TCK")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--events", type=int, default=90_000, help="events of each run, a third to warm up (default 90000)"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """One run with ten events to a record, one with one."""
    figures: dict[str, Any] = {"events": args.events}
    for name, per_record in (("ten", 10), ("one", 1)):
        figures |= {f"{what}_{name}": value for what, value in _measure(args.events, per_record).items()}
    for name, value in figures.items():
        print(f"{name:40} {value:>12,}", file=sys.stderr)
    return figures


def _measure(events: int, per_record: int) -> dict[str, float]:
    records = raw_records(1, events, per_record)
    with tempfile.TemporaryDirectory(prefix="rastro-benchmark-") as folder:
        home = Path(folder)
        aws = emulator.start(home / "emulator", home / "emulator.log")
        try:
            _prepare(aws)
            daemon = _start(aws, home)
            try:
                return _drain(aws, daemon, home / "daemon.log", records, len(records) * per_record)
            finally:
                processes.end(daemon, 30.0)
        finally:
            aws.stop()


def _prepare(aws: emulator.Emulator) -> None:
    kinesis, firehose = aws.client("kinesis"), aws.client("firehose")
    for stream in ("raw", "enriched"):
        kinesis.create_stream(StreamName=stream, ShardCount=SHARDS)
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
        **os.environ,
        **emulator.aws_environment(aws.endpoint),
        "RASTRO_APPLICATION": "benchmark",
        "RASTRO_RAW_STREAM": "raw",
        "RASTRO_ENRICHED_STREAM": "enriched",
        "RASTRO_REJECTED_DELIVERY": "rejected",
        "RASTRO_STATE": f"s3://{BUCKET}/state",
        "RASTRO_SITES": f"file:{FOLDER / 'examples' / 'sites.json'}",
        "RASTRO_FLUSH_SECONDS": "1",
    }
    command = [sys.executable, "-m", "enrich_consumer", "kcl", "--folder", str(home / "kcl")]
    return processes.launch(command, env, home / "daemon.log", cwd=home)


def _drain(
    aws: emulator.Emulator, daemon: int, log: Path, records: Sequence[bytes], events: int
) -> dict[str, float]:
    _until(lambda: log.read_bytes().count(b'"shard taken over"') >= SHARDS, daemon, log)
    count = _Counter(aws)
    warming = len(records) // 3
    _put(aws, records[:warming])
    _until(lambda: count.lines() > events / 3 * MOST and count.idle(), daemon, log)
    warm = count.total
    before, started = _cpu(daemon), time.monotonic()
    _put(aws, records[warming:])
    _until(lambda: count.lines() - warm > events / 1.5 * MOST and count.idle(), daemon, log)
    cpu, seconds = _cpu(daemon) - before, time.monotonic() - started - QUIET_S
    delivered = count.total - warm
    return {
        "delivered": delivered,
        "cpu_s_per_million": round(cpu / delivered * 1e6, 1),
        "events_per_s_wall": round(delivered / seconds),
    }


def _put(aws: emulator.Emulator, records: Sequence[bytes]) -> None:
    kinesis = aws.client("kinesis")
    at_once = 200
    for start in range(0, len(records), at_once):
        entries = []
        for data in records[start : start + at_once]:
            raw = orjson.loads(data)
            entries.append({"Data": data, "PartitionKey": f"{raw['site']}/{raw['visitor_id']}"})
        refused = kinesis.put_records(StreamName="raw", Records=entries)["FailedRecordCount"]
        if refused:
            raise Problem(f"the emulator refused {refused} records")


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
        self._changed = time.monotonic()

    def lines(self) -> int:
        for index, iterator in enumerate(self._iterators):
            answer = self._kinesis.get_records(ShardIterator=iterator, Limit=1000)
            self._iterators[index] = answer["NextShardIterator"]
            came = sum(record["Data"].count(b"\n") for record in answer["Records"])
            if came:
                self.total += came
                self._changed = time.monotonic()
        return self.total

    def idle(self) -> bool:
        return time.monotonic() - self._changed > QUIET_S


def _cpu(leader: int) -> float:
    """Seconds of CPU of all processes of the group, those that ended included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[2]) == leader:
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def _until(done: Callable[[], bool], daemon: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if not processes.alive(daemon):
            raise Problem(f"the daemon has ended:\n{processes.tail(log)}")
        if time.monotonic() > deadline:
            raise Problem(f"not done within {PATIENCE_S:.0f} s:\n{processes.tail(log)}")
        time.sleep(0.25)
