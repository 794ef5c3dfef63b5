"""Put raw records of the archive into the raw stream again, in their order: after a loss behind it.

Records keep their times, and rows that are already in the lake are copies, which the tables leave out: a replay of what
was processed changes nothing but the number of copies. What is of persons who were erased since is left out.
"""

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lake import layout
from lake.erased_ids import ErasedIds
from rastro.privacy.data_stores import erased
from rastro.repair import estimate, history, putting
from rastro.repair.pipeline import check_site, open_pipeline
from rastro.repair.replay_state import HOLD_MS, SLICE_BYTES, ArchivedRecord, ReplayMark, WaitingRecords
from rastro.repair.spans import Span, of_hours, span
from rastro.terminal.audit import audit
from rastro.terminal.progress import Progress
from rastro.traffic.post import Pace, rate

HELP = "raw records of the archive into the raw stream again"


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
        type=rate,
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
    when = span(args.since, args.until)
    progress = Progress()
    pipeline = open_pipeline(args.env, args.home)
    s3, bucket = pipeline.client("s3"), pipeline.bucket
    check_site(args.site, pipeline)
    mark = ReplayMark(
        args.home / "replays" / f"{pipeline.name}-{when.since}-{when.until}-{args.site or 'all'}.json",
        again=args.again,
    )
    names = ("objects", "objects done before", "records", "unreadable", "erased", "put", "bytes")
    figures = dict.fromkeys(names, 0)
    pace = Pace(args.rate)
    waiting = WaitingRecords()
    gone = erased(args.env, args.home)

    def put(records: list[ArchivedRecord]) -> None:
        for at in range(0, len(records), putting.AT_ONCE):
            some = records[at : at + putting.AT_ONCE]
            figures["put"] += putting.to_stream(
                pipeline.client("kinesis"), pipeline.raw_stream, map(_entry, some), pace
            )
            mark.put(some)
            progress.note(
                f"{figures['objects']} objects, {figures['put']} of {figures['records']} records put"
            )

    try:
        for key, _ in of_hours(s3, bucket, layout.RAW, when):
            if key in mark.done:
                figures["objects done before"] += 1
                continue
            figures["objects"] += 1
            readable, unreadable = _records(s3, bucket, key)
            if unreadable:
                figures["unreadable"] += unreadable
                progress.say(
                    f"replay: {unreadable} lines of s3://{bucket}/{key} are no raw records: left out"
                )
            found = [one for one in readable if _wanted(one[1], when, args.site)]
            records = [
                ArchivedRecord(record["received_at"], key, data, record)
                for data, record in _left(iter(found), gone)
            ]
            figures["erased"] += len(found) - len(records)
            figures["records"] += len(records)
            figures["bytes"] += sum(len(one.data) for one in records)
            progress.note(f"{figures['objects']} objects, {figures['records']} records")
            if args.dry_run:
                continue
            mark.begin(key, len(records))
            waiting.add(records)
            if waiting.size >= SLICE_BYTES:
                put(waiting.take(HOLD_MS))
        if not args.dry_run:
            put(waiting.take(0))
    finally:
        if not args.dry_run:
            mark.write()
    usd = estimate.of_puts(pipeline, figures["records"], figures["bytes"])
    summary = ", ".join(f"{value:,} {name}" for name, value in figures.items())
    progress.say(f"replay: {summary}, {usd:.4f} USD at list prices")
    options = {
        "since": args.since,
        "until": args.until,
        "site": args.site,
        "env": args.env,
        "dry_run": args.dry_run,
    }
    audit(args.home, "replay", options, figures, s3, bucket)
    return 0


def _records(s3: Any, bucket: str, key: str) -> tuple[list[tuple[bytes, dict[str, Any]]], int]:
    """The records of an object, and how many of its lines are none: whoever may write to the stream can put such bytes
    there. The consumer has refused them before, and would again."""
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    lines = [line for line in body.splitlines() if line.strip()]
    found = [(line, record) for line in lines if (record := history.record_of(line)) is not None]
    return found, len(lines) - len(found)


def _left(
    records: Iterator[tuple[bytes, dict[str, Any]]], gone: ErasedIds
) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """What of them was not erased."""
    for data, record in records:
        left = gone.without(record)
        if left is not None:
            yield (data if left is record else json.dumps(left, ensure_ascii=False).encode()), left


def _wanted(record: dict[str, Any], when: Span, site: str | None) -> bool:
    return record.get("received_at") in when and site in (None, record.get("site"))


def _entry(one: ArchivedRecord) -> dict[str, Any]:
    """A PutRecords entry with the partition key of ingest: a visitor's records stay in one shard, in their order."""
    return {"Data": one.data, "PartitionKey": f"{one.record['site']}/{one.record['visitor_id']}"}
