"""Other stream processors beside ours: the same raw records, the same emulator, CPU of each worker.

Flink (Maven) does the same work as far as its libraries go: sessions by the same rule, de-duplication, most of the
columns. Benthos, the engine of Redpanda Connect (Go modules), does less. What each leaves out stands in README.md
beside this file: a ratio compares workers, not features. All are built here, with `mvn` and `go` of this machine; the
first time takes minutes.

Input is put before a worker starts. CPU-seconds are user and system of the whole process group, per million events,
between 60 and 95 % of the output ("steady", when most of a JVM's compiling is done), and from the start ("all"). The
emulator's CPU is not counted. JSON between it and all of them, no TLS.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import crawleruseragents
import orjson

from benchmarks.consumer import settings_of
from benchmarks.mixes import MIXES, stream
from enrich_consumer.core import tables
from rastro.local import emulator, processes
from rastro.open_loop.cpu import seconds
from rastro.terminal.errors import Problem
from rastro.terminal.tables import table
from reference_data.databases import default_city
from schemas.files import FOLDER as SCHEMAS

HELP = "Flink and Benthos on the same events, CPU beside ours"

FOLDER = Path(__file__).parent
BUILT = FOLDER.parents[1] / "build" / "peers"
SHARDS = 2
QUIET_S, PATIENCE_S = 12.0, 180.0


class Peer(NamedTuple):
    """`build` makes what `command` starts; `command(home)` is run with the emulator's environment."""

    build: Callable[[], None]
    command: Callable[[Path], list[str]]
    environment: Callable[[], dict[str, str]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--events", type=int, default=200_000, help="put before a worker starts (default 200000)")
    add("--mix", default="shop", help=f"{', '.join(MIXES)} or log:FILE (default shop)")
    add("--per-record", type=int, default=1, help="events of a record (default 1)")
    add("--only", nargs="+", choices=PEERS, default=list(PEERS), help="which (default all)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Each worker on a fresh emulator with the same records."""
    figures: dict[str, Any] = {"events": args.events, "mix": args.mix, "per_record": args.per_record}
    records = list(islice(stream(args.mix, 1, args.per_record), args.events // args.per_record))
    rows = []
    for name in args.only:
        PEERS[name].build()
        seen = _one(PEERS[name], records, args.events)
        rows.append({"worker": name, **seen})
        figures |= {f"{name}_{figure}": value for figure, value in seen.items()}
    ours = next((row for row in rows if row["worker"] == "rastro"), None)
    for row in rows:
        if ours and ours["cpu_s_steady"]:
            row["to_rastro"] = round(row["cpu_s_steady"] / ours["cpu_s_steady"], 2)
    print(table(rows), file=sys.stderr)
    return figures


def _one(peer: Peer, records: list[bytes], events: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="rastro-peer-") as folder:
        home = Path(folder)
        aws = emulator.start(home / "emulator", home / "emulator.log")
        try:
            fill(aws, records)
            env = {**os.environ, **peer.environment(), **emulator.aws_environment(aws.endpoint)}
            pid = processes.launch(peer.command(home), env, home / "worker.log", cwd=home)
            try:
                return _follow(aws, pid, events, home / "worker.log")
            finally:
                processes.end(pid, 5.0)
        finally:
            aws.stop()


def fill(aws: emulator.Emulator, records: list[bytes]) -> None:
    kinesis = aws.client("kinesis")
    for name in ("raw", "enriched"):
        kinesis.create_stream(StreamName=name, ShardCount=SHARDS)
    aws.client("s3").create_bucket(Bucket="peer")
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName="rejected",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/any",
            "BucketARN": "arn:aws:s3:::peer",
            "Prefix": "rejected/",
        },
    )
    for start in range(0, len(records), 500):
        entries = []
        for data in records[start : start + 500]:
            raw = orjson.loads(data)
            entries.append({"Data": data, "PartitionKey": f"{raw['site']}/{raw['visitor_id']}"})
        kinesis.put_records(StreamName="raw", Records=entries)


def _follow(aws: emulator.Emulator, pid: int, events: int, log: Path) -> dict[str, float]:
    """Until everything is out, or nothing has come for a while."""
    kinesis = aws.client("kinesis")
    shards = kinesis.list_shards(StreamName="enriched")["Shards"]
    iterators = [
        kinesis.get_shard_iterator(
            StreamName="enriched", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for shard in shards
    ]
    points: list[tuple[int, float, float]] = []
    out = bytes_out = 0
    started = last = time.monotonic()
    while out < events and time.monotonic() - last < (QUIET_S if out else PATIENCE_S):
        if not processes.alive(pid):
            raise Problem(f"the worker has ended:\n{processes.tail(log)}")
        for index, iterator in enumerate(iterators):
            answer = kinesis.get_records(ShardIterator=iterator, Limit=2000)
            iterators[index] = answer["NextShardIterator"]
            came = sum(record["Data"].count(b"\n") for record in answer["Records"])
            bytes_out += sum(len(record["Data"]) for record in answer["Records"])
            if came:
                out, last = out + came, time.monotonic()
        points.append((out, sum(seconds((("worker", pid),)).values()), time.monotonic()))
        time.sleep(0.2)
    if not out:
        raise Problem(f"the worker put nothing within {PATIENCE_S:.0f} s:\n{processes.tail(log)}")
    low = next(point for point in points if point[0] >= out * 0.6)
    high = next(point for point in points if point[0] >= out * 0.95)
    done = next(point for point in points if point[0] >= out)
    steady = high[0] - low[0]
    return {
        "out": out,
        "cpu_s_steady": round((high[1] - low[1]) / steady * 1e6, 1) if steady else 0.0,
        "cpu_s_all": round(done[1] / out * 1e6, 1),
        "bytes_a_line": round(bytes_out / out),
        "seconds": round(done[2] - started, 1),
    }


def _cities() -> list[str]:
    """The same databases as ours: a file, or those in the folder that `rastro data fetch` keeps them in."""
    found = Path(default_city(os.environ) or "/nonexistent")
    files = sorted(found.glob("*.mmdb")) if found.is_dir() else [found]
    return [str(file) for file in files if file.is_file()]


def _city() -> dict[str, str]:
    """The first of them, that of IPv4 where there are two."""
    files = _cities()
    return {"PEER_GEO_CITY": files[0]} if files else {}


def data_files() -> dict[str, str]:
    """The files that Flink's job reads: our tables and settings, the list of crawlers, the databases."""
    return {
        "PEER_TABLES": str(Path(tables.__file__).parent),
        "PEER_SITES": str(SCHEMAS / "examples" / "sites.json"),
        "PEER_CRAWLERS": str(Path(crawleruseragents.__file__).parent / "crawler-user-agents.json"),
        "PEER_GEO_FILES": os.pathsep.join(_cities()),
    }


def _run(command: list[str], where: Path) -> None:
    if not shutil.which(command[0]):
        raise Problem(f"{command[0]} is not installed; --only leaves the peers out that need it")
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")


def _build_benthos() -> None:
    BUILT.mkdir(parents=True, exist_ok=True)
    _run(["go", "build", "-o", str(BUILT / "benthos"), "."], FOLDER / "benthos")


def _build_flink() -> None:
    command = [
        "mvn",
        "-q",
        "-B",
        "-ntp",
        "compile",
        "dependency:copy-dependencies",
        "-DoutputDirectory=target/lib",
    ]
    _run(command, FOLDER / "flink")


def _flink(home: Path) -> list[str]:
    target = FOLDER / "flink" / "target"
    opens = [
        f"--add-opens=java.base/java.{name}=ALL-UNNAMED"
        for name in ("lang", "util", "time", "util.concurrent", "net")
    ]
    quiet = ["-Dcom.amazonaws.sdk.disableCbor=true", "-Daws.cborEnabled=false"]
    logs = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return [
        "java",
        "-Xmx1g",
        *opens,
        *quiet,
        *logs,
        "-cp",
        f"{target / 'classes'}:{target / 'lib'}/*",
        "peers.Job",
    ]


def _ours() -> dict[str, str]:
    return {
        "JAVA_TOOL_OPTIONS": "-XX:ActiveProcessorCount=1 -XX:MaxRAM=3g",
        **settings_of("peer", "s3://peer/state")._replace(region=emulator.REGION).to_env(),
    }


PEERS = {
    "rastro": Peer(
        lambda: None,
        lambda home: [sys.executable, "-m", "enrich_consumer", "kcl", "--folder", str(home / "kcl")],
        _ours,
    ),
    "flink": Peer(_build_flink, _flink, data_files),
    "benthos": Peer(
        _build_benthos,
        lambda _: [str(BUILT / "benthos"), "run", str(FOLDER / "benthos" / "config.yaml")],
        _city,
    ),
}
