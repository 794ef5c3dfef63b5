"""Put what was refused back into the pipeline: rows of the rejected table, or rows that a delivery could not write.

Each is read where it lies, fixed if need be (--fix, one JSONata expression), judged by the code that refused it, and
put back with its own times; `input_repairs` then says so (`<reason>:recovered`). What would be refused again stays.
The originals are never changed, what went back once does not go again, and what is about a person who was erased since
never goes.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lake import layout
from lake.erased_ids import ErasedIds
from rastro.privacy.data_stores import erased
from rastro.repair import estimate, putting, refused, undelivered
from rastro.repair.fix import Fix, read_fix
from rastro.repair.pipeline import Pipeline, check_site, open_pipeline
from rastro.repair.spans import ListedObject, Span, of_days, of_hours, span
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress
from rastro.terminal.tables import table
from rastro.traffic.post import Pace, rate
from schemas import Reason

HELP = "refused rows and failed deliveries back into the pipeline"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro recover`."""
    add = parser.add_argument
    add("what", choices=("rejected", "deliveries"), help="rows of the rejected table, or failed deliveries")
    add(
        "--since",
        required=True,
        metavar="TIME",
        help="refused from this time on, for example 2026-11-21T10:00 (UTC)",
    )
    add("--until", required=True, metavar="TIME", help="the time after the last one")
    add(
        "--reason",
        action="append",
        metavar="CODE",
        help="only of this reason or error code; may be repeated (all)",
    )
    add("--site", help="only of this site (all)")
    add("--table", choices=undelivered.TABLES, default="enriched", help="whose deliveries (%(default)s)")
    add("--fix", metavar="JSONATA", help="what came -> what should have come; @FILE reads it from a file")
    add(
        "--rate",
        type=rate,
        default=500.0,
        metavar="N",
        help="records a second at most; 0 is no limit (%(default)s)",
    )
    add("--show", type=int, default=0, metavar="N", help="print the first N as they would go back")
    add("--again", action="store_true", help="also what went back before")
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add(
        "--dry-run",
        action="store_true",
        help="say what would go back and what would be refused again, no more",
    )


class _Found(NamedTuple):
    """One refused thing: who it is, why it was refused, what goes back of it or why it stays."""

    digest: str
    reason: str
    back: list[Any]
    stays: refused.StillRefusedError | None


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 1 some would be refused again, 2 it could not run."""
    when = span(args.since, args.until)
    fix = read_fix(args.fix)
    if args.what == "rejected" and (unknown := set(args.reason or ()) - set(Reason)):
        raise Problem(
            f"no event is refused for {min(unknown)!r}; reasons are {', '.join(sorted(Reason))}",
            "no_such_reason",
        )
    pipeline = open_pipeline(args.env, args.home)
    check_site(args.site, pipeline)
    progress = Progress()
    s3 = pipeline.client("s3")
    pace = Pace(args.rate)
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    names = ("objects", "found", "put", "bytes", "recovered before", "erased", "still refused")
    figures = dict.fromkeys(names, 0)
    gone = erased(args.env, args.home)
    shown = 0
    for entry in _objects(args, s3, pipeline, when):
        figures["objects"] += 1
        mark = f"{layout.RECOVERED}{entry.key}.json"
        done = set() if args.again else _marks(s3, pipeline.bucket, mark)
        back: list[_Found] = []
        for one in _found(args, s3, pipeline, entry, when, fix, gone):
            figures["found"] += 1
            if one.digest in done:
                figures["recovered before"] += 1
                outcome = "went back before"
            elif one.stays is not None and one.stays.code == refused.ERASED:
                figures["erased"] += 1  # nothing that could be mended: it stays away
                outcome = one.stays.code
            elif one.stays is not None:
                figures["still refused"] += 1
                outcome = one.stays.code
                examples.setdefault((one.reason, outcome), one.stays.detail)
            else:
                back.append(one)
                outcome = "goes back" if args.dry_run else "went back"
                figures["bytes"] += sum(len(_data(data)) for data in one.back)
                if shown < args.show:
                    print("\n".join(_data(data).decode() for data in one.back))
                    shown += 1
            counts[one.reason, outcome] += 1
        progress.note(f"{figures['objects']} objects, {figures['found']} found, {figures['put']} put")
        if args.dry_run or not back:
            continue
        _put(args, pipeline, [data for one in back for data in one.back], pace)
        figures["put"] += len(back)
        digests = sorted(_marks(s3, pipeline.bucket, mark) | {one.digest for one in back})
        s3.put_object(Bucket=pipeline.bucket, Key=mark, Body=json.dumps(digests).encode())
    _report(progress, pipeline, counts, examples, figures)
    options = {
        name: getattr(args, name)
        for name in ("what", "since", "until", "reason", "site", "table", "fix", "env", "again", "dry_run")
    }
    audit(args.home, "recover", options, figures, s3, pipeline.bucket)
    return 1 if figures["still refused"] else 0


def _objects(args: argparse.Namespace, s3: Any, pipeline: Pipeline, when: Span) -> Iterator[ListedObject]:
    if args.what == "rejected":
        yield from of_hours(s3, pipeline.bucket, layout.REJECTED, when)
        return
    root = f"{layout.ERRORS}{args.table}/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=pipeline.bucket, Prefix=root, Delimiter="/")
    for kind in [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", ())]:
        yield from of_days(s3, pipeline.bucket, kind, when)


def _found(
    args: argparse.Namespace,
    s3: Any,
    pipeline: Pipeline,
    entry: ListedObject,
    when: Span,
    fix: Fix | None,
    gone: ErasedIds,
) -> Iterator[_Found]:
    data = s3.get_object(Bucket=pipeline.bucket, Key=entry.key)["Body"].read()
    if args.what == "rejected":
        yield from _rows(args, s3, pipeline, data, when, fix, gone)
    else:
        yield from _failures(args, pipeline, entry, data, when, fix, gone)


def _rows(
    args: argparse.Namespace,
    s3: Any,
    pipeline: Pipeline,
    data: bytes,
    when: Span,
    fix: Fix | None,
    gone: ErasedIds,
) -> Iterator[_Found]:
    sites = pipeline.sites()
    fetch = refused.outside(s3, pipeline.client("kinesis"), pipeline.raw_stream)
    for row in refused.rows_of(data):
        if row["rejected_at"] not in when or (args.reason and row["reason"] not in args.reason):
            continue
        if args.site not in (None, row["site"]):
            continue
        try:
            back, stays = refused.revive(row, sites, fix, fetch, gone), None
        except refused.StillRefusedError as why:
            back, stays = [], why
        yield _Found(refused.digest(row), str(row["reason"]), list(back), stays)


def _failures(
    args: argparse.Namespace,
    pipeline: Pipeline,
    entry: ListedObject,
    data: bytes,
    when: Span,
    fix: Fix | None,
    gone: ErasedIds,
) -> Iterator[_Found]:
    try:
        for failure in undelivered.failures_of(data):
            if failure.arrived_at not in when or (args.reason and failure.code not in args.reason):
                continue
            try:
                back, stays = undelivered.revive(failure, args.table, fix, pipeline.decimals, gone), None
            except refused.StillRefusedError as why:
                back, stays = [], why
            if back and args.site is not None:
                back = [line for line in back if json.loads(line).get("site") == args.site]
                if not back:
                    continue
            yield _Found(undelivered.digest(failure), failure.code, list(back), stays)
    except refused.StillRefusedError as why:
        raise Problem(f"s3://{pipeline.bucket}/{entry.key}: {why.detail}", why.code) from None


def _data(one: Any) -> bytes:
    return bytes(one.data) if isinstance(one, refused.Back) else bytes(one)


def _put(args: argparse.Namespace, pipeline: Pipeline, back: list[Any], pace: Pace) -> None:
    if args.what == "rejected":
        records = [{"Data": one.data, "PartitionKey": one.partition_key} for one in back]
        putting.to_stream(pipeline.client("kinesis"), pipeline.raw_stream, records, pace)
    elif args.table == "enriched":
        records = list(undelivered.records_of(back))
        putting.to_stream(pipeline.client("kinesis"), pipeline.enriched_stream, records, pace)
    else:
        putting.to_delivery(pipeline.client("firehose"), pipeline.deliveries[args.table], back, pace)


def _marks(s3: Any, bucket: str, key: str) -> set[str]:
    try:
        return set(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    except s3.exceptions.NoSuchKey:
        return set()


def _report(
    progress: Progress,
    pipeline: Pipeline,
    counts: Counter[tuple[str, str]],
    examples: dict[tuple[str, str], str],
    figures: dict[str, int],
) -> None:
    rows = [
        {
            "refused for": reason,
            "now": outcome,
            "rows": count,
            "for example": examples.get((reason, outcome), "")[:80],
        }
        for (reason, outcome), count in sorted(counts.items())
    ]
    if rows:
        print(table(rows), end="")
    back = figures["found"] - figures["recovered before"] - figures["erased"] - figures["still refused"]
    usd = estimate.of_puts(pipeline, back, figures["bytes"])
    summary = ", ".join(f"{value:,} {name}" for name, value in figures.items())
    progress.say(f"recover: {summary}, {usd:.4f} USD at list prices")
