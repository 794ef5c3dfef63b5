"""What the console reads of a running local stack."""

import time
from pathlib import Path
from typing import Any

from console.local_lake import LocalLake
from console.source import Source
from console.store import Store
from console.tails import Tails
from rastro.local import emulator, running
from rastro.local.info import LocalFacts
from rastro.local.stack import APPLICATION

MOST_FAILED = 20


def open_source(facts: LocalFacts, try_it: str = "") -> Source:
    """Tails of both streams and of the rejected table, and the stack's lake. `Source.tails.stop` ends the threads."""
    kinesis = emulator.client(facts.aws_endpoint, "kinesis")
    s3 = emulator.client(facts.aws_endpoint, "s3")
    folder = Path(facts.home) / "console"
    tails = Tails(Store())
    tails.follow_stream(kinesis, facts.raw_stream, tails.take_raw)
    tails.follow_stream(kinesis, facts.enriched_stream, tails.take_enriched)
    tails.follow_rejected(s3, facts.bucket, facts.rejected_prefix, folder / "rejections")
    prefixes = {"enriched": facts.enriched_prefix, "rejected": facts.rejected_prefix}
    return Source(
        name="local",
        tails=tails,
        lake=LocalLake(s3, facts.bucket, prefixes, folder / "lake"),
        health=lambda: health(facts),
        clock=lambda: int(time.time() * 1000),
        try_it=try_it,
    )


def health(facts: LocalFacts) -> dict[str, list[dict[str, Any]]]:
    """Sections of the health page: processes, leases, failed deliveries."""
    alive = running.running(Path(facts.home))
    processes = [
        {"process": name, "id": pid, "state": "running" if name in alive else "stopped"}
        for name, pid in facts.processes.items()
    ]
    return {"Processes": processes, "Leases": _leases(facts), "Error prefixes": _failed(facts)}


def _leases(facts: LocalFacts) -> list[dict[str, Any]]:
    dynamodb = emulator.client(facts.aws_endpoint, "dynamodb")
    try:
        items = dynamodb.scan(TableName=APPLICATION, ConsistentRead=True)["Items"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return []  # no consumer has started yet
    return [
        {
            "shard": item["leaseKey"]["S"],
            "owner": item.get("leaseOwner", {}).get("S"),
            "checkpoint": item.get("checkpoint", {}).get("S"),
        }
        for item in sorted(items, key=lambda item: str(item["leaseKey"]["S"]))
    ]


def _failed(facts: LocalFacts) -> list[dict[str, Any]]:
    """Objects that Firehose could not convert or deliver."""
    s3 = emulator.client(facts.aws_endpoint, "s3")
    answer = s3.list_objects_v2(Bucket=facts.bucket, Prefix="errors/", MaxKeys=MOST_FAILED)
    return [{"object": entry["Key"], "bytes": entry["Size"]} for entry in answer.get("Contents", [])]
