"""What the consumer remembers: of all shards, of one shard, or of one visitor. It only reads the session log.

Ids of people are masked unless --unmasked is given (the audit line says that it was).
"""

import argparse
import json
from pathlib import Path
from typing import Any

from rastro.repair import consumer_state
from rastro.repair.pipeline import Pipeline, check_site, open_pipeline
from rastro.repair.spans import listed
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress
from rastro.terminal.tables import table

HELP = "what the consumer remembers of a visitor or a shard"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro state`."""
    add = parser.add_argument
    add("--visitor", metavar="ID", help="one visitor")
    add("--site", help="whose visitor (every site of the sites document)")
    add("--shard", metavar="ID", help="one shard of the raw stream, and its visitors")
    add("--limit", type=int, default=20, metavar="N", help="visitors of a shard shown at most (%(default)s)")
    add("--unmasked", action="store_true", help="visitor ids, user ids and order numbers as they are")
    add("--json", action="store_true", help="one JSON object")
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--dry-run", action="store_true", help="say what would be read, no more")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 something is remembered, 1 nothing, 2 it could not run."""
    pipeline = open_pipeline(args.env, args.home)
    check_site(args.site, pipeline)
    wanted = _shards(args, pipeline)
    progress = Progress()
    size = 0
    objects = 0
    for shard in wanted:
        found = listed(pipeline.client("s3"), pipeline.bucket, f"{_folder(pipeline)}/{shard}/")
        objects += len(found)
        size += sum(entry.size for entry in found)
    progress.say(f"state: reads at most {objects} objects, {size:,} bytes, of {len(wanted)} shards")
    summary: dict[str, Any] = {"shards": len(wanted), "objects": objects, "bytes": size}
    status = 0
    if not args.dry_run:
        document = (
            _of_visitor(args, pipeline, progress)
            if args.visitor
            else _of_shards(args, pipeline, wanted, progress)
        )
        summary["found"] = len(document.get("visitors", document.get("shards", ())))
        print(
            json.dumps(document, ensure_ascii=False) if args.json else _text(document),
            end="\n" if args.json else "",
        )
        status = 0 if summary["found"] else 1
    options = {name: getattr(args, name) for name in ("shard", "site", "env", "unmasked", "dry_run")}
    options["visitor"] = args.visitor and ("(one)" if not args.unmasked else args.visitor)
    audit(args.home, "state", options, summary, pipeline.client("s3"), pipeline.bucket)
    return status


def _folder(pipeline: Pipeline) -> str:
    return f"{pipeline.state_uri.removeprefix(f's3://{pipeline.bucket}/').rstrip('/')}/{pipeline.application}"


def _sites(args: argparse.Namespace, pipeline: Pipeline) -> list[str]:
    return [args.site] if args.site else sorted(pipeline.sites().by_name)


def _shards(args: argparse.Namespace, pipeline: Pipeline) -> list[str]:
    if args.visitor:
        return sorted(
            {
                s
                for site in _sites(args, pipeline)
                for s, _ in consumer_state.holders(pipeline, site, args.visitor)
            }
        )
    shards = consumer_state.shards(pipeline)
    if args.shard and args.shard not in shards:
        raise Problem(
            f"{pipeline.raw_stream} has no shard {args.shard}; it has {', '.join(shards)}", "no_such_shard"
        )
    return [args.shard] if args.shard else list(shards)


def _of_visitor(args: argparse.Namespace, pipeline: Pipeline, progress: Progress) -> dict[str, Any]:
    found = []
    for site in _sites(args, pipeline):
        for shard, key in consumer_state.holders(pipeline, site, args.visitor):
            progress.note(f"{shard}, {site}")
            visitor = consumer_state.describe(
                consumer_state.read(pipeline, shard).state, key, masked=not args.unmasked
            )
            if visitor is not None:
                found.append({"shard": shard} | visitor)
    return {"visitors": found}


def _of_shards(
    args: argparse.Namespace, pipeline: Pipeline, wanted: list[str], progress: Progress
) -> dict[str, Any]:
    held = consumer_state.leases(pipeline)
    rows = []
    visitors: list[dict[str, Any]] = []
    for shard in wanted:
        progress.note(shard)
        lease = held.get(shard)
        row: dict[str, Any] = {
            "shard": shard,
            "owner": lease and lease.owner,
            "checkpoint": lease and lease.checkpoint,
        }
        try:
            state, tip, warnings = consumer_state.read(pipeline, shard)
        except Problem as problem:
            rows.append(
                row | {"slot": None, "state": None, "newest": None, "visitors": None, "says": str(problem)}
            )
            continue
        rows.append(
            row
            | {
                "slot": None if tip is None else tip.slot,
                "state": str(state.sequence) if state.sequence >= 0 else None,
                "newest": consumer_state.when(state.watermark),
                "visitors": len(state),
                "says": "; ".join(warnings) or _verdict(lease, state.sequence),
            }
        )
        if args.shard:
            for key in sorted(state.saved)[: args.limit]:
                visitor = consumer_state.describe(state, key, masked=not args.unmasked)
                assert visitor is not None
                visitors.append(visitor)
    return {"shards": rows} | ({"of_shard": visitors} if args.shard else {})


def _verdict(lease: consumer_state.Lease | None, sequence: int) -> str:
    checkpoint = lease.checkpoint if lease else None
    if checkpoint is None:
        return "no lease"
    if not checkpoint.isdigit():
        return checkpoint.lower()
    if int(checkpoint) > sequence:
        return "the state is older than the checkpoint: rastro reset --to state"
    return "consistent"


def _text(document: dict[str, Any]) -> str:
    parts = []
    if "shards" in document:
        short = [
            row | {name: _end(row[name]) for name in ("checkpoint", "state")} for row in document["shards"]
        ]
        parts.append(table(short))
    parts += [_visitor(one) for one in (*document.get("visitors", ()), *document.get("of_shard", ()))]
    return "\n".join(parts) if parts else "nothing is remembered\n"


def _end(text: str | None) -> str | None:
    """A sequence number's last digits: the first forty are the same for all."""
    return f"…{text[-12:]}" if text and text.isdigit() and len(text) > 14 else text


def _visitor(one: dict[str, Any]) -> str:
    lines = [f"{one['site']}/{one['visitor_id']}"]
    plain = ("shard", "looked_at", "event_ids_remembered")
    lines += [f"  {name}: {one[name]}" for name in plain if name in one]
    for number, session in enumerate(one["sessions"], start=1):
        lines.append(f"  session {number} of {len(one['sessions'])}")
        lines += [f"    {name}: {value}" for name, value in session.items() if value not in (None, [])]
    if one["cart"]:
        lines.append("  cart")
        lines += [f"    {name}: {value}" for name, value in one["cart"].items() if value is not None]
    return "\n".join(lines) + "\n"
