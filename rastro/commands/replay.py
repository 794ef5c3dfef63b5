"""Put raw records of the archive into the raw stream again, in their order: after a loss behind it.

Records keep their times, and rows that are already in the lake are copies, which the tables leave out: a replay of what
was processed changes nothing but the number of copies.
"""

import argparse
import gzip
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lake import layout
from rastro.local import emulator, info
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress
from rastro.traffic.post import Pace

HELP = "raw records of the archive into the raw stream again"

AT_ONCE = 400
MOST_BYTES = 4_000_000
"""Of one PutRecords call: 500 records and 5 MiB are the service's limits."""
ATTEMPTS = 8


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro replay`."""
    add = parser.add_argument
    add(
        "--since",
        required=True,
        metavar="TIME",
        help="first time of receipt, for example 2026-11-21T10:00 (UTC)",
    )
    add("--until", required=True, metavar="TIME", help="the time after the last one")
    add("--site", help="only records of this site (all)")
    add(
        "--rate",
        type=float,
        default=500.0,
        metavar="N",
        help="records a second at most; 0 is no limit (%(default)s)",
    )
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--dry-run", action="store_true", help="count what would be put, no more")
    add(
        "--again", action="store_true", help="from the start, although an earlier run of the same got further"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 it could not run."""
    since, until = _ms(args.since), _ms(args.until)
    if until <= since:
        raise Problem("--until must be later than --since")
    progress = Progress()
    s3, kinesis, bucket, stream = _places(args)
    mark = args.home / "replays" / f"{args.env or 'local'}-{since}-{until}-{args.site or 'all'}.json"
    done = set() if args.again or not mark.exists() else set(json.loads(mark.read_text(encoding="utf-8")))
    figures = {"objects": 0, "objects done before": 0, "records": 0, "put": 0, "bytes": 0}
    pace = Pace(args.rate)
    for key in _keys(s3, bucket, since, until):
        if key in done:
            figures["objects done before"] += 1
            continue
        figures["objects"] += 1
        records = [one for one in _records(s3, bucket, key) if _wanted(one, since, until, args.site)]
        figures["records"] += len(records)
        figures["bytes"] += sum(len(data) for data, _ in records)
        progress.note(f"{figures['objects']} objects, {figures['records']} records")
        if args.dry_run:
            continue
        for batch in _batches(records):
            pace(len(batch))
            _put(kinesis, stream, batch)
            figures["put"] += len(batch)
        done.add(key)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(json.dumps(sorted(done)), encoding="utf-8")
    progress.say("replay: " + ", ".join(f"{value:,} {name}" for name, value in figures.items()))
    options = {
        "since": args.since,
        "until": args.until,
        "site": args.site,
        "env": args.env,
        "dry_run": args.dry_run,
    }
    audit(args.home, "replay", options, figures)
    return 0


def _ms(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(f"{text!r} is no time; write it as 2026-11-21T10:00") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _places(args: argparse.Namespace) -> tuple[Any, Any, str, str]:
    if not args.env:
        facts = info.read(args.home)
        make = emulator.client
        return (
            make(facts.aws_endpoint, "s3"),
            make(facts.aws_endpoint, "kinesis"),
            facts.bucket,
            facts.raw_stream,
        )
    from infra.deploy import stacks  # noqa: PLC0415 - takes a while to import
    from infra.deploy.target import find_target  # noqa: PLC0415
    from infra.environments import loader  # noqa: PLC0415

    environment = loader.read(args.env)
    target = find_target(environment)
    outputs = stacks.outputs(f"{environment.prefix}-pipeline", target.client)
    return target.client("s3"), target.client("kinesis"), outputs["Bucket"], outputs["RawStream"]


def _keys(s3: Any, bucket: str, since: int, until: int) -> Iterator[str]:
    """Objects of the hours in question and one on each side: Firehose names them by its own clock."""
    hour = since // 3_600_000 - 1
    while hour <= until // 3_600_000 + 1:
        at = datetime.fromtimestamp(hour * 3600, UTC)
        prefix = f"{layout.RAW}{layout.DAY}={at:%Y-%m-%d}/{layout.HOUR}={at:%H}/"
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from sorted(entry["Key"] for entry in page.get("Contents", ()) if entry["Size"])
        hour += 1


def _records(s3: Any, bucket: str, key: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    for line in body.splitlines():
        if line.strip():
            try:
                yield line, json.loads(line)
            except ValueError:
                raise Problem(f"s3://{bucket}/{key} holds a line that is no raw record") from None


def _wanted(one: tuple[bytes, dict[str, Any]], since: int, until: int, site: str | None) -> bool:
    record = one[1]
    return since <= record.get("received_at", -1) < until and site in (None, record.get("site"))


def _batches(records: list[tuple[bytes, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for data, record in records:
        if batch and (len(batch) == AT_ONCE or size + len(data) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        # as ingest does: a visitor's records stay in one shard, in their order
        batch.append({"Data": data, "PartitionKey": f"{record['site']}/{record['visitor_id']}"})
        size += len(data)
    if batch:
        yield batch


def _put(kinesis: Any, stream: str, batch: list[dict[str, Any]]) -> None:
    for attempt in range(ATTEMPTS):
        answer = kinesis.put_records(StreamName=stream, Records=batch)
        if not answer["FailedRecordCount"]:
            return
        batch = [entry for entry, put in zip(batch, answer["Records"], strict=True) if "ErrorCode" in put]
        time.sleep(0.2 * 2**attempt)
    raise Problem(
        f"{stream} does not take {len(batch)} records after {ATTEMPTS} attempts; run the same again"
    )
