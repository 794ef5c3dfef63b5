"""Alarms that a machine without AWS can provoke, in compressed time: seconds where CloudWatch looks at minutes.

What each means, and what to do, says the runbook.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

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
LOOK_BACK_BYTES = 1 << 20
"""Of the consumer's log."""


class Reading(NamedTuple):
    """`tick_age`: seconds since the newest tick; `accepted`, `refused`: events of the last WINDOW_SECONDS;
    `is_waiting`: a record is unread for longer than WAITING_SECONDS; `restarts`: of the daemon, in WINDOW_SECONDS."""

    tick_age: float
    accepted: int
    refused: int
    sites_invalid: bool
    is_waiting: bool
    restarts: int


def firing(reading: Reading) -> dict[str, bool]:
    """Every alarm, and whether it is in ALARM."""
    events = reading.accepted + reading.refused
    return {
        "ticks-missing": reading.tick_age > TICK_SECONDS,
        "rejected-share": events > MANY and 100 * reading.refused > SHARE_PERCENT * events,
        "sites-document": reading.sites_invalid,
        "consumer-stalled": reading.is_waiting,
        "consumer-restarts": reading.restarts > 0,
    }


def ingest_said(logs: Any, group: str, metric: str, since: float) -> bool:
    """Whether the ingest function wrote this metric into its log since (epoch seconds)."""
    try:
        found = logs.filter_log_events(logGroupName=group, startTime=int(since * 1000))["events"]
    except logs.exceptions.ResourceNotFoundException:
        return False  # nothing was logged yet
    return any(f'"{metric}"' in event["message"] for event in found)


def restarts(log: Path, since: float) -> int:
    """How often the supervisor started the daemon again since (epoch seconds), from the consumer's log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOOK_BACK_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return 0
    found = 0
    for line in lines:
        start = line.find("{")
        if "DaemonRestarts" in line and start >= 0:
            try:
                at = json.loads(line[start:]).get("_aws", {}).get("Timestamp", 0) / 1000
            except ValueError:
                continue  # the log is cut here
            found += at > since
    return found
