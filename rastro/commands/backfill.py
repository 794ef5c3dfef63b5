"""Raw records straight into the lake: an import of history, a part of the raw archive, or files.

They go through the consumer's own core with a state of their own: no stream, no session log and no open session of the
running pipeline is touched. Rows lie in the landing table under the day of their own arrival (an import's: the day on
which it happened), then the tables of these days are filled. Rows that the pipeline wrote itself count before copies of
them from a backfill. No rows of session ends and cart events are made: those are for acting at the moment.
"""

import argparse
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from analytics.tables import Window
from enrich_consumer.core import enrichments
from enrich_consumer.core.decimals import as_text
from lake import landing, layout
from rastro.privacy.data_stores import erased
from rastro.repair import estimate, history
from rastro.repair.pipeline import Pipeline, check_site, open_pipeline
from rastro.repair.spans import ListedObject, listed, of_hours, span
from rastro.repair.undelivered import columns_of
from rastro.repair.windows import fill
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress
from reference_data.databases import open_references

HELP = "raw records or an import of history straight into the lake"

PART_BYTES = 256 << 20
"""Bytes of raw records in memory at once, before what Python adds."""
_SHARE_WRITTEN = 0.2
"""Bytes of Parquet for a byte of raw JSON, about; for the estimate alone."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro backfill`."""
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--imports", action="store_true", help="what servers imported and no backfill took yet")
    what.add_argument("--raw", action="store_true", help="the raw archive from --since to --until")
    what.add_argument(
        "--file", type=Path, nargs="+", metavar="FILE", help="raw records, one JSON object a line"
    )
    add(
        "--since",
        metavar="TIME",
        help="with --raw: first time of receipt, for example 2026-11-21T10:00 (UTC)",
    )
    add("--until", metavar="TIME", help="with --raw: the time after the last one")
    add("--site", help="only records of this site (all)")
    add(
        "--own-times",
        action="store_true",
        help="with --file: as --imports does, each event arrived when it happened",
    )
    add("--again", action="store_true", help="also what a backfill took before; the new rows count")
    add(
        "--no-tables",
        action="store_true",
        help="write the landing files only; rastro rebuild fills the tables",
    )
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add(
        "--dry-run", action="store_true", help="say what would be read and written and what it costs, no more"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 1 some records were refused, 2 it could not run."""
    if args.raw and not (args.since and args.until):
        raise Problem("--raw needs --since and --until", "empty_span")
    pipeline = open_pipeline(args.env, args.home)
    check_site(args.site, pipeline)
    progress = Progress()
    s3 = pipeline.client("s3")
    runs = _runs(s3, pipeline.bucket)
    inputs = _inputs(args, s3, pipeline, runs)
    size = sum(entry.size for entry in inputs)
    progress.say(f"backfill: {len(inputs)} objects, {size:,} bytes")
    figures: dict[str, Any] = {"objects": len(inputs), "bytes": size}
    if gone := erased(args.env, args.home).until:
        progress.say(f"backfill: records of {len(gone)} erased ids are left out")
    if args.dry_run or not inputs:
        figures |= _estimate(args, s3, pipeline, inputs)
    else:
        figures |= _work(args, s3, pipeline, inputs, runs, progress)
    progress.say("backfill: " + ", ".join(f"{value} {name}" for name, value in figures.items()))
    options = {
        name: getattr(args, name)
        for name in ("imports", "raw", "file", "since", "until", "site", "again", "env", "dry_run")
    }
    audit(args.home, "backfill", options, figures, s3, pipeline.bucket)
    return 1 if figures.get("refused") else 0


def _runs(s3: Any, bucket: str) -> dict[str, dict[str, Any]]:
    """What earlier backfills noted, by their id."""
    return {
        entry.key.removeprefix(layout.BACKFILLS).removesuffix(".json"): json.loads(
            s3.get_object(Bucket=bucket, Key=entry.key)["Body"].read()
        )
        for entry in listed(s3, bucket, layout.BACKFILLS)
    }


def _inputs(
    args: argparse.Namespace, s3: Any, pipeline: Pipeline, runs: dict[str, dict[str, Any]]
) -> list[ListedObject]:
    if args.file:
        missing = [path for path in args.file if not path.is_file()]
        if missing:
            raise Problem(f"no such file: {missing[0]}", "no_such_file")
        return [ListedObject(str(path.resolve()), path.stat().st_size) for path in args.file]
    if args.raw:
        return list(of_hours(s3, pipeline.bucket, layout.RAW, span(args.since, args.until)))
    taken = {} if args.again else {key for run in runs.values() if run["filled"] for key in run["inputs"]}
    return [entry for entry in listed(s3, pipeline.bucket, layout.IMPORTS) if entry.key not in taken]


def _records(
    args: argparse.Namespace, s3: Any, pipeline: Pipeline, inputs: list[ListedObject]
) -> Iterator[dict[str, Any]]:
    when = span(args.since, args.until) if args.raw else None
    gone = erased(args.env, args.home)
    for entry in inputs:
        if args.file:
            data = Path(entry.key).read_bytes()
        else:
            data = s3.get_object(Bucket=pipeline.bucket, Key=entry.key)["Body"].read()
        try:
            # in the archive stands whatever was put into the stream; what is no record was refused then
            for record in history.records_of(data, only_good=args.raw):
                if args.site not in (None, record["site"]):
                    continue
                if when is not None and record["received_at"] not in when:
                    continue
                left = gone.without(record)
                if left is None:
                    continue
                if args.imports or args.own_times:
                    # what a person did before the erasure comes back by no import that was made after it
                    yield from filter(gone.without, history.by_own_times(left))
                else:
                    yield left
        except history.NoRecordError as error:
            raise Problem(f"{entry.key}: {error}", "invalid_record") from None


def _estimate(
    args: argparse.Namespace, s3: Any, pipeline: Pipeline, inputs: list[ListedObject]
) -> dict[str, Any]:
    days: set[str] = set()
    records = 0
    raw = 0
    for record in _records(args, s3, pipeline, inputs):
        records += 1
        raw += len(json.dumps(record))
        days.add(datetime.fromtimestamp(record["received_at"] / 1000, UTC).date().isoformat())
    # each window reads its day of landing some five times, and the tables around it
    usd = estimate.of_scans(pipeline, raw * _SHARE_WRITTEN * 10) if not args.no_tables else 0.0
    return {"records": records, "days": len(days), "USD at list prices": round(usd, 4)}


def _work(
    args: argparse.Namespace,
    s3: Any,
    pipeline: Pipeline,
    inputs: list[ListedObject],
    runs: dict[str, dict[str, Any]],
    progress: Progress,
) -> dict[str, Any]:
    name = _name(args, inputs)
    run = runs.get(name)
    if run and run["filled"] and not args.again:
        progress.say(f"backfill {name} was done before; --again does it anew")
        return {"records": 0, "rows": 0}
    if run is None or args.again:
        generation = max((run["generation"] for run in runs.values()), default=-1) + 1
        run = _write(args, s3, pipeline, inputs, name, generation, progress)
        _note(s3, pipeline.bucket, name, run)
    figures: dict[str, Any] = dict(run["figures"])
    if not args.no_tables:
        before = (
            1 if args.imports or args.own_times else 7
        )  # days that an event may have waited on its client
        windows = [_window(day, before) for day in run["days"]]
        figures["windows"] = fill(pipeline, args.home, windows, progress)
        _note(s3, pipeline.bucket, name, run | {"filled": True})
    return figures


def _name(args: argparse.Namespace, inputs: list[ListedObject]) -> str:
    """The same for the same records asked for."""
    asked = [
        args.since if args.raw else None,
        args.until if args.raw else None,
        args.site,
        args.own_times,
        inputs,
    ]
    return blake2b(json.dumps(asked).encode(), digest_size=8).hexdigest()


def _note(s3: Any, bucket: str, name: str, run: dict[str, Any]) -> None:
    s3.put_object(Bucket=bucket, Key=f"{layout.BACKFILLS}{name}.json", Body=json.dumps(run).encode())


def _window(day: str, before: int) -> Window:
    at = date.fromisoformat(day)
    return Window(day, 0, 23, at - timedelta(days=before), at + timedelta(days=1))


def _write(
    args: argparse.Namespace,
    s3: Any,
    pipeline: Pipeline,
    inputs: list[ListedObject],
    name: str,
    generation: int,
    progress: Progress,
) -> dict[str, Any]:
    """The landing files of a backfill; what it notes of itself."""
    if generation > history.MOST_GENERATIONS:
        raise Problem(f"{generation} backfills were made; no more can be distinguished", "too_many_backfills")
    work = args.home / "backfills" / name
    shutil.rmtree(work, ignore_errors=True)
    number = max(1, sum(entry.size for entry in inputs) * 8 // PART_BYTES)
    read = 0
    with history.Parts(work / "parts", number) as parts:
        for record in _records(args, s3, pipeline, inputs):
            parts.add(record)
            read += 1
            progress.note(f"{read:,} records read")
    sites, enrich = pipeline.sites(), enrichments.build(open_references(None, None))
    columns = columns_of("enriched")
    counts: Counter[str] = Counter()
    refused_path = work / "refused.jsonl"
    objects: list[str] = []
    days: set[str] = set()
    with refused_path.open("wb") as refused:
        for number, path in enumerate(parts.paths):
            lines = work / "rows.jsonl"
            with path.open("rb") as source, lines.open("wb") as rows:
                counts += history.enrich_part(
                    source, generation, sites, enrich, as_text(columns), rows, refused
                )
            if not lines.stat().st_size:
                continue
            for file in landing.write(
                lines, work / "landing", columns, "received_at", f"backfill-{name}-{number:03d}"
            ):
                key = layout.ENRICHED + file.relative_to(work / "landing").as_posix()
                s3.upload_file(str(file), pipeline.bucket, key)
                objects.append(key)
                days.add(file.parent.parent.name.removeprefix(f"{layout.DAY}="))
                if pipeline.is_local:  # the tables of this machine are filled from there
                    here = args.home / "lake" / key
                    here.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, here)
            progress.note(f"{counts['events']:,} rows, {len(objects)} files")
    if counts["rejected"]:
        progress.say(f"{counts['rejected']} records were refused: {refused_path}")
    else:
        shutil.rmtree(work, ignore_errors=True)
    return {
        "generation": generation,
        "inputs": [entry.key for entry in inputs],
        "objects": sorted(objects),
        "days": sorted(days),
        "figures": {
            "records": read,
            "rows": counts["events"] + counts["merges"] - counts["duplicates"],
            "sessions": counts["sessions"],
            "refused": counts["rejected"],
            "files": len(objects),
            "days": len(days),
        },
        "at": round(time.time()),
        "filled": False,
    }
