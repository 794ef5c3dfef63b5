"""What the console reads of a running local stack."""

import json
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

from console.bucket import NewRows, newest
from console.lake_process import LakeProcess
from console.source import Source
from console.store import Store
from console.tails import Tails
from infra.environments.resource_names import RUNBOOK
from lake import layout
from rastro.local import alarms, emulator, running
from rastro.local.condition import leases, reference_data
from rastro.local.info import LEDGER, LocalStackInfo
from rastro.local.recovery import recover
from rastro.local.stack import APPLICATION

MOST_FILES = 8


def open_source(facts: LocalStackInfo, try_it: str = "") -> Source:
    """Tails of both streams, of the rejected table and of ingest's log, and the stack's lake in a process of its own.
    `Source.tails.stop` and `Source.lake.close` end them."""
    kinesis = emulator.client(facts.aws_endpoint, "kinesis")
    s3 = emulator.client(facts.aws_endpoint, "s3")
    tails = Tails(Store())
    lake = LakeProcess(partial(open_lake, facts))
    tails.follow_stream(kinesis, facts.raw_stream, tails.take_raw)
    tails.follow_stream(kinesis, facts.enriched_stream, tails.take_enriched)
    tails.follow_rejected(
        NewRows(s3, facts.bucket, facts.rejected_prefix, partial(lake.ask, "new_rejections"))
    )
    if facts.ingest_log:
        tails.follow_log(emulator.client(facts.aws_endpoint, "logs"), facts.ingest_log, since=0)
    return Source(
        name="local",
        tails=tails,
        lake=lake,
        health=lambda: health(facts, s3, tails),
        clock=lambda: int(time.time() * 1000),
        try_it=try_it,
        recover=lambda reason, first, last, dry: recover(Path(facts.home), reason, first, last, dry=dry),
    )


def open_lake(facts: LocalStackInfo) -> Any:
    """The stack's lake; DuckDB is imported here and nowhere else in the console."""
    from console.local_lake import LocalLake  # noqa: PLC0415 - only the lake's own process needs it

    s3 = emulator.client(facts.aws_endpoint, "s3")
    prefixes = {
        "enriched": facts.enriched_prefix,
        "rejected": facts.rejected_prefix,
        "session_ends": facts.session_ends_prefix,
        "cart_events": facts.cart_events_prefix,
    }
    return LocalLake(s3, facts.bucket, prefixes, Path(facts.home) / "console" / "lake", time.monotonic)


def health(facts: LocalStackInfo, s3: Any, tails: Tails) -> dict[str, list[dict[str, Any]]]:
    """Sections of the health page."""
    alive = running.running(Path(facts.home))
    processes = [
        {"process": name, "id": str(pid), "state": "running" if name in alive else "stopped"}
        for name, pid in facts.processes.items()
    ]
    rows = _leases(facts)
    return {
        "Alarms": _alarms(facts, tails, _checkpoints(rows)),
        "Ledger": _ledger(facts),
        "Processes": processes,
        "Leases": rows,
        "Session log": newest(s3, facts.bucket, layout.STATE, MOST_FILES),
        "Newest files": newest(s3, facts.bucket, facts.enriched_prefix, MOST_FILES),
        "Error prefixes": newest(s3, facts.bucket, layout.ERRORS, MOST_FILES),
        "Reference data": reference_data(dict(os.environ), time.time()),
    }


def checkpoints_of(facts: LocalStackInfo) -> dict[str, Any]:
    """KCL's checkpoints by shard."""
    return _checkpoints(_leases(facts))


def _checkpoints(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["shard"]: row["checkpoint"] for row in rows}


def _alarms(facts: LocalStackInfo, tails: Tails, checkpoints: dict[str, Any]) -> list[dict[str, Any]]:
    """The ones that fire first, each with the section of its runbook."""
    now = time.time()
    with tails.lock:
        arrivals = tails.store.arrivals
        tick_age = now - (arrivals.newest_tick or 0) / 1000
        waits = arrivals.waiting_ms(checkpoints, int(now * 1000)) / 1000
        seconds = tails.store.seconds(int(now * 1000), int(alarms.WINDOW_SECONDS))
    since = now - alarms.WINDOW_SECONDS
    logs = emulator.client(facts.aws_endpoint, "logs")
    refused = sum(second.rejected for second in seconds)
    reading = alarms.Reading(
        tick_age=tick_age,
        accepted=sum(second.accepted for second in seconds),
        refused=refused,
        sites_invalid=bool(facts.ingest_log)
        and alarms.ingest_said(logs, facts.ingest_log, "SitesDocumentInvalid", since),
        is_waiting=waits > alarms.WAITING_SECONDS,
        restarts=alarms.restarts(Path(facts.logs) / "consumer.log", since),
    )
    figures = {
        "ticks-missing": f"{min(tick_age, 9999):.0f} s",
        "rejected-share": f"{refused} / {reading.accepted + refused}",
        "consumer-stalled": f"{waits:.0f} s",
        "consumer-restarts": str(reading.restarts),
    }
    rows = [
        {
            "alarm": name,
            "state": "ALARM" if fires else "OK",
            "figure": figures.get(name, ""),
            "runbook": f"{RUNBOOK}#{name}",
        }
        for name, fires in alarms.firing(reading).items()
    ]
    return sorted(rows, key=lambda row: row["state"])


def _ledger(facts: LocalStackInfo) -> list[dict[str, Any]]:
    """What `rastro demo` has accounted for so far."""
    try:
        figures = json.loads((Path(facts.home) / LEDGER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [{"what": name.replace("_", " "), "how much": value} for name, value in figures.items()]


def _leases(facts: LocalStackInfo) -> list[dict[str, Any]]:
    dynamodb = emulator.client(facts.aws_endpoint, "dynamodb")
    try:
        items = dynamodb.scan(TableName=APPLICATION, ConsistentRead=True)["Items"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return []  # no consumer has started yet
    return leases(items)
