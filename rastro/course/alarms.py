"""Alarms of the local stack, in compressed time: seconds where CloudWatch looks at minutes.

Only those that a machine without AWS can provoke. What each means, and what to do, says the runbook.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from infra.stacks.monitoring import runbook
from rastro.course import raw
from rastro.course.place import Place
from rastro.local.console_source import health

WINDOW_SECONDS = 30.0
"""In place of CloudWatch's five minutes."""
WAITING_SECONDS = 12.0
"""A record that is older and lies behind no checkpoint counts as unread; the consumer saves every five seconds."""
TICK_SECONDS = 45.0
"""The ticker ticks every thirty."""
MANY = 20
"""Events, below which a share says nothing; 100 in CloudWatch's five minutes."""
SHARE_PERCENT = 5.0
"""`monitoring.rejected_percent` in production."""

PROVOKED = ("ticks-missing", "rejected-share", "sites-document", "consumer-stalled", "consumer-restarts")


class State(NamedTuple):
    """`state`: ALARM or OK; `why`: the figure that decided."""

    alarm: str
    state: str
    why: str


def states(place: Place) -> list[State]:
    """All alarms of the course now; each is noted in the diary."""
    now = time.time()
    records = list(raw.records(place))
    checkpoints = {
        row["shard"]: row["checkpoint"] for row in health(place.facts, place.client("s3"))["Leases"]
    }
    found = [
        _ticks(records, now),
        _share(records, place, now),
        _sites(place),
        _stalled(records, checkpoints, now),
        _restarts(Path(place.facts.logs) / "consumer.log", now),
    ]
    with place.diary.open("a", encoding="utf-8") as diary:
        for one in found:
            diary.write(json.dumps({"at": round(now), **one._asdict()}) + "\n")
    return found


def wait_for(
    place: Place, wanted: dict[str, str], patience: float, say: Callable[[str], None]
) -> list[State]:
    """Look every second until the named alarms are in their wanted states, or `patience` seconds are over."""
    deadline = time.monotonic() + patience
    while True:
        found = states(place)
        if all(wanted.get(one.alarm, one.state) == one.state for one in found) or time.monotonic() > deadline:
            return found
        say("esperando: " + ", ".join(f"{name} {state}" for name, state in wanted.items()))
        time.sleep(1)


def meanings() -> dict[str, str]:
    """What each alarm means, in Portuguese, from the runbook."""
    return {section.name: section.meaning for group in runbook.read() for section in group.sections}


def _ticks(records: list[raw.Record], now: float) -> State:
    newest = max((one.at for one in records if not one.events), default=0.0)
    age = now - newest
    return _state("ticks-missing", age > TICK_SECONDS, f"último tick há {min(age, 9999):.0f} s")


def _share(records: list[raw.Record], place: Place, now: float) -> State:
    since = now - WINDOW_SECONDS
    accepted = sum(one.events for one in records if one.at >= since)
    refused = _refused(place, since)
    share = 100 * refused / (accepted + refused) if accepted + refused else 0.0
    bad = accepted + refused > MANY and share > SHARE_PERCENT
    return _state(
        "rejected-share", bad, f"{refused} de {accepted + refused} eventos recusados em {WINDOW_SECONDS:g} s"
    )


def _refused(place: Place, since: float) -> int:
    s3 = place.client("s3")
    day = datetime.fromtimestamp(since, UTC)
    prefix = f"{place.facts.rejected_prefix}dt={day:%Y-%m-%d}/"
    folder = place.home / "alarms"
    rows = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=place.facts.bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            if entry["LastModified"].timestamp() < since:
                continue
            path = folder / entry["Key"].rsplit("/", 1)[1]
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                s3.download_file(place.facts.bucket, entry["Key"], str(path))
            counted = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()
            rows += int(counted[0][0])
    return rows


def _sites(place: Place) -> State:
    bad = _ingest_said(place, "SitesDocumentInvalid", time.time() - WINDOW_SECONDS)
    return _state("sites-document", bad, "documento de sites inválido" if bad else "documento de sites serve")


def _ingest_said(place: Place, metric: str, since: float) -> bool:
    """Whether the ingest function wrote this metric into its log since."""
    logs = place.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        found: list[dict[str, Any]] = logs.filter_log_events(
            logGroupName=group["logGroupName"], startTime=int(since * 1000)
        )["events"]
        if any(f'"{metric}"' in event["message"] for event in found):
            return True
    return False


def _stalled(records: list[raw.Record], checkpoints: dict[str, Any], now: float) -> State:
    waiting = 0
    for one in records:
        checkpoint = str(checkpoints.get(one.shard) or "")
        read = int(checkpoint) if checkpoint.isdigit() else -1
        if one.events and one.sequence > read and now - one.at > WAITING_SECONDS:
            waiting += 1
    return _state(
        "consumer-stalled", waiting > 0, f"{waiting} registros esperam há mais de {WAITING_SECONDS:g} s"
    )


def _restarts(log: Path, now: float) -> State:
    found = 0
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        start = line.find("{")
        if "DaemonRestarts" in line and start >= 0:
            at = json.loads(line[start:]).get("_aws", {}).get("Timestamp", 0) / 1000
            found += now - at < WINDOW_SECONDS
    return _state("consumer-restarts", found > 0, f"{found} reinícios em {WINDOW_SECONDS:g} s")


def _state(name: str, bad: bool, why: str) -> State:
    return State(name, "ALARM" if bad else "OK", why)
