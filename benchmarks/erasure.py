"""Erasing one visitor from a lake: megabytes a second of landing, raw archive and tables, the proof included."""

import argparse
import gzip
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from analytics.duckdb_lake import enriched_columns
from benchmarks import workload
from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from lake import landing
from rastro.__main__ import main
from rastro.terminal.errors import Problem

HELP = "erasing a visitor: MB a second"
GOAL_MB_PER_S = 10_000 / 600
"""10 GB in ten minutes."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mb", type=int, default=300, help="size of landing and archive together (%(default)s)"
    )
    parser.add_argument("--events", type=int, default=6_000, help="different events (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures; see benchmarks/README.md for what they mean."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        visitor = _fill(home, args)
        files = [path for path in (home / "lake").rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        started, used = time.monotonic(), time.process_time()
        if main(["erase", "--visitor", visitor, "--home", str(home)]):
            raise Problem("the erasure did not come to its end")
        wall, cpu = time.monotonic() - started, time.process_time() - used
        paper = json.loads(next((home / "erasures").glob("*.json")).read_text(encoding="utf-8"))
    figures = {
        "mb": size / 1e6,
        "files": len(files),
        "files_written_anew": sum(one["rewritten"] for one in paper["objects"]),
        "bytes_with_the_id": paper["proof"]["bytes_with_the_id"],
        "mb_per_s_wall": size / 1e6 / wall,
        "mb_per_cpu_s": size / 1e6 / cpu,
        "minutes_for_10_gb": 10_000 / (size / 1e6 / wall) / 60,
        "goal_mb_per_s": GOAL_MB_PER_S,
    }
    for name, value in figures.items():
        print(f"{value:14,.1f}  {name}", file=sys.stderr)
    return figures


def _fill(home: Path, args: argparse.Namespace) -> str:
    """Landing and archive: the demo shop's mix once with the visitor in it and then, without, until it is large enough;
    the tables of one of the files. The visitor's id."""
    records = workload.raw_records(args.seed, args.events, 10)
    visitor = str(json.loads(records[len(records) // 2])["visitor_id"])
    others = [record for record in records if visitor.encode() not in record]
    made = home / "made"
    with_, without = (_files(made / name, kept) for name, kept in (("with", records), ("without", others)))
    size = number = 0
    while size < args.mb * 1e6:
        for kind, source in zip(("enriched", "raw"), with_ if number % 40 == 0 else without, strict=True):
            target = home / "lake" / kind / "dt=2026-11-21" / "hour=00" / f"{number:05d}{source.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            size += source.stat().st_size
        number += 1
    shutil.rmtree(made)
    return visitor


def _files(folder: Path, records: list[bytes]) -> tuple[Path, Path]:
    """One Parquet file and one of the archive with these records."""
    folder.mkdir(parents=True)
    archive = folder / "raw.gz"
    archive.write_bytes(gzip.compress(b"".join(record + b"\n" for record in records), 6))
    core, sites, state = enrichments.build(References()), workload.sites(), ShardState()
    lines = folder / "lines.jsonl"
    with lines.open("wb") as file:
        for number, record in enumerate(records, start=1):
            file.writelines(
                line + b"\n" for line in process(Incoming(number, record), sites, core, state).lines
            )
    written = landing.write(lines, folder / "landing", enriched_columns(), "received_at", "rows")
    return max(written, key=lambda path: path.stat().st_size), archive
