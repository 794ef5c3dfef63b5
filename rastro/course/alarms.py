"""The local stack's alarms as the labs show them: with the figure that decided, each look noted in the diary."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from infra.stacks.monitoring import runbook
from rastro.course import raw_stream
from rastro.course.lab_stack import LabStack
from rastro.local.alarms import WAITING_SECONDS, WINDOW_SECONDS, Reading, firing, ingest_said, restarts
from rastro.local.console_source import checkpoints_of

PROVOKED = ("ticks-missing", "rejected-share", "sites-document", "consumer-stalled", "consumer-restarts")


class State(NamedTuple):
    """`state`: ALARM or OK; `why`: the figure that decided."""

    alarm: str
    state: str
    why: str


def states(lab_stack: LabStack) -> list[State]:
    """All alarms of the course now; each is noted in the diary."""
    now = time.time()
    records = list(raw_stream.records(lab_stack))
    checkpoints = checkpoints_of(lab_stack.facts)
    waiting = sum(_waits(one, checkpoints, now) for one in records)
    reading = _read(lab_stack, records, waiting, now)
    found = [
        State(name, "ALARM" if bad else "OK", _why(name, reading, waiting))
        for name, bad in firing(reading).items()
    ]
    with lab_stack.diary.open("a", encoding="utf-8") as diary:
        for one in found:
            diary.write(json.dumps({"at": round(now), **one._asdict()}) + "\n")
    return found


def wait_for(
    lab_stack: LabStack, wanted: dict[str, str], patience: float, say: Callable[[str], None]
) -> list[State]:
    """Look every second until the named alarms are in their wanted states, or `patience` seconds are over."""
    deadline = time.monotonic() + patience
    while True:
        found = states(lab_stack)
        if all(wanted.get(one.alarm, one.state) == one.state for one in found) or time.monotonic() > deadline:
            return found
        say("esperando: " + ", ".join(f"{name} {state}" for name, state in wanted.items()))
        time.sleep(1)


def meanings() -> dict[str, str]:
    """What each alarm means, in Portuguese, from the runbook."""
    return {section.name: section.meaning for group in runbook.read() for section in group.sections}


def _read(lab_stack: LabStack, records: list[raw_stream.Record], waiting: int, now: float) -> Reading:
    since = now - WINDOW_SECONDS
    logs = lab_stack.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    return Reading(
        tick_age=now - max((one.at for one in records if not one.events), default=0.0),
        accepted=sum(one.events for one in records if one.at >= since),
        refused=_refused(lab_stack, since),
        sites_invalid=any(ingest_said(logs, group, "SitesDocumentInvalid", since) for group in groups),
        is_waiting=waiting > 0,
        restarts=restarts(Path(lab_stack.facts.logs) / "consumer.log", since),
    )


def _why(name: str, reading: Reading, waiting: int) -> str:
    events = reading.accepted + reading.refused
    return {
        "ticks-missing": f"último tick há {min(reading.tick_age, 9999):.0f} s",
        "rejected-share": f"{reading.refused} de {events} eventos recusados em {WINDOW_SECONDS:g} s",
        "sites-document": (
            "documento de sites inválido" if reading.sites_invalid else "documento de sites serve"
        ),
        "consumer-stalled": f"registros que esperam há mais de {WAITING_SECONDS:g} s: {waiting}",
        "consumer-restarts": f"reinícios em {WINDOW_SECONDS:g} s: {reading.restarts}",
    }[name]


def _refused(lab_stack: LabStack, since: float) -> int:
    s3 = lab_stack.client("s3")
    day = datetime.fromtimestamp(since, UTC)
    prefix = f"{lab_stack.facts.rejected_prefix}dt={day:%Y-%m-%d}/"
    folder = lab_stack.home / "alarms"
    rows = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lab_stack.facts.bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            if entry["LastModified"].timestamp() < since:
                continue
            path = folder / entry["Key"].rsplit("/", 1)[1]
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                s3.download_file(lab_stack.facts.bucket, entry["Key"], str(path))
            counted = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()
            rows += int(counted[0][0])
    return rows


def _waits(record: raw_stream.Record, checkpoints: dict[str, Any], now: float) -> bool:
    checkpoint = str(checkpoints.get(record.shard) or "")
    read = int(checkpoint) if checkpoint.isdigit() else -1
    return record.events > 0 and record.sequence > read and now - record.at > WAITING_SECONDS
