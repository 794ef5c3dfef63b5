"""Make the consumer's position and its state consistent, while it is stopped.

--to state: KCL's checkpoint goes to the record at which the good part of the session log ends. Sessions go on as they
were; records behind it are read again, and rows that were written already are copies. Nothing is lost.
--to trim-horizon, --to latest: the shard starts without a state, at the oldest record or at the next one. Sessions that
were open split. The session log is kept as a copy below `state-before-reset/`. After --to latest the records in between
are in the raw archive: rastro backfill --raw.
"""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lake import layout
from rastro.repair import consumer_state
from rastro.repair.consumer_state import SHARD_END, Lease
from rastro.repair.pipeline import Pipeline, open_pipeline
from rastro.terminal.audit import audit
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress

HELP = "the consumer's position and state consistent again"

WATCH_SECONDS = 10.0
"""A worker renews its leases every second or two; one that did not for so long has stopped."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rastro reset`."""
    add = parser.add_argument
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--shard", action="append", metavar="ID", help="one shard; may be repeated")
    which.add_argument("--all", action="store_true", help="every shard that has a lease")
    add("--to", required=True, choices=("state", "trim-horizon", "latest"), help="where to go on")
    add("--env", metavar="ENV", help="a deployed environment, for example dev (this machine)")
    add("--home", type=Path, default=Path(".rastro"), metavar="DIR", help="the local stack (%(default)s)")
    add("--dry-run", action="store_true", help="say what would be changed, no more")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 it could not run."""
    pipeline = open_pipeline(args.env, args.home)
    progress = Progress()
    held = consumer_state.leases(pipeline)
    wanted = list(held) if args.all else args.shard
    if unknown := [shard for shard in wanted if shard not in held]:
        raise Problem(f"no lease of {unknown[0]}; there are {', '.join(held) or 'none'}", "no_such_shard")
    if not args.dry_run:
        _check_stopped(pipeline, held, progress)
    figures = {"shards": len(wanted), "changed": 0, "consistent already": 0, "ended": 0, "objects moved": 0}
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    for shard in wanted:
        lease = held[shard]
        if lease.checkpoint == SHARD_END:
            figures["ended"] += 1
            continue
        where = _position(pipeline, lease, args.to)
        objects = [] if args.to == "state" else _log(pipeline, shard)
        if where == lease.checkpoint and not objects:
            progress.say(f"{shard}: {where} already")
            figures["consistent already"] += 1
            continue
        moved = (
            f", {len(objects)} objects of its session log to {layout.STATE_BEFORE_RESET}{stamp}/"
            if objects
            else ""
        )
        progress.say(f"{shard}: checkpoint {lease.checkpoint} → {where}{moved}")
        figures["changed"] += 1
        if not args.dry_run:
            figures["objects moved"] += _change(
                pipeline, lease, where, objects, f"{layout.STATE_BEFORE_RESET}{stamp}/"
            )
    progress.say("reset: " + ", ".join(f"{value} {name}" for name, value in figures.items()))
    options = {"shard": args.shard, "all": args.all, "to": args.to, "env": args.env, "dry_run": args.dry_run}
    audit(args.home, "reset", options, figures, pipeline.client("s3"), pipeline.bucket)
    return 0


def _log(pipeline: Pipeline, shard: str) -> list[str]:
    """The keys of a shard's session log, empty ones too."""
    folder = pipeline.state_uri.removeprefix(f"s3://{pipeline.bucket}/").rstrip("/")
    names = consumer_state.store_of(pipeline).names(f"{shard}/")
    return [f"{folder}/{pipeline.application}/{name}" for name in names]


def _check_stopped(pipeline: Pipeline, held: dict[str, Lease], progress: Progress) -> None:
    """Raises Problem: `consumer_running`, a lease is renewed while we look."""
    if not any(lease.owner for lease in held.values()):
        return
    progress.say(f"reset: looking for {WATCH_SECONDS:.0f} s whether a worker still renews its leases")
    time.sleep(WATCH_SECONDS)
    now = consumer_state.leases(pipeline)
    moving = [
        shard for shard, lease in now.items() if shard not in held or lease.counter != held[shard].counter
    ]
    if moving:
        how = (
            "end its process (local.json names it)"
            if pipeline.is_local
            else "aws ecs update-service --desired-count 0"
        )
        raise Problem(f"the consumer runs: {moving[0]} was renewed; stop it first: {how}", "consumer_running")


def _position(pipeline: Pipeline, lease: Lease, to: str) -> str:
    if to != "state":
        return to.replace("-", "_").upper()
    try:
        sequence = consumer_state.read(pipeline, lease.shard).state.sequence
    except Problem as problem:
        raise Problem(
            f"{lease.shard} has no state to go to ({problem}); --to trim-horizon starts it without one",
            "no_state",
        ) from None
    if sequence < 0:
        return "TRIM_HORIZON"
    digits = len(lease.checkpoint) if lease.checkpoint and lease.checkpoint.isdigit() else 0
    return str(sequence).zfill(digits)


def _change(pipeline: Pipeline, lease: Lease, where: str, objects: list[str], backup_prefix: str) -> int:
    """Copy, set the position, then delete: killed in between, the consumer refuses to start or goes on as before, and
    the same command finishes the work."""
    s3: Any = pipeline.client("s3")
    dynamodb: Any = pipeline.client("dynamodb")
    for key in objects:
        s3.copy_object(
            Bucket=pipeline.bucket,
            Key=backup_prefix + key,
            CopySource={"Bucket": pipeline.bucket, "Key": key},
        )
    try:
        dynamodb.update_item(
            TableName=pipeline.application,
            Key={"leaseKey": {"S": lease.shard}},
            UpdateExpression="SET #c = :where, checkpointSubSequenceNumber = :zero"
            " REMOVE leaseOwner, pendingCheckpoint, pendingCheckpointSubSequenceNumber,"
            " pendingCheckpointState ADD leaseCounter :one",
            ConditionExpression="leaseCounter = :seen",
            ExpressionAttributeNames={"#c": "checkpoint"},
            ExpressionAttributeValues={
                ":where": {"S": where},
                ":zero": {"N": "0"},
                ":one": {"N": "1"},
                ":seen": {"N": str(lease.counter)},
            },
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        raise Problem(f"{lease.shard} was renewed just now: the consumer runs", "consumer_running") from None
    for key in objects:
        s3.delete_object(Bucket=pipeline.bucket, Key=key)
    return len(objects)
