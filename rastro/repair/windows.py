"""Fills windows of the tables one after the other: here by DuckDB, on AWS by the jobs' state machine."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from analytics.tables import Window
from lake.iceberg import IcebergTables, Jobs
from rastro.privacy.data_stores import only_writer
from rastro.repair.pipeline import Pipeline
from rastro.terminal.errors import Problem
from rastro.terminal.progress import Progress

POLL_SECONDS = 2.0


def fill(pipeline: Pipeline, home: Path, windows: Sequence[Window], progress: Progress) -> int:
    """How many were filled.

    Raises:
        Problem: an execution of the state machine failed; the windows before it are done.
    """
    if pipeline.is_local:
        with only_writer(home, "backfill"):
            jobs = Jobs(
                IcebergTables(home / "tables"),
                sorted((home / "lake" / "enriched").rglob("*.parquet")),
                progress.note,
            )
            for number, window in enumerate(windows, start=1):
                jobs.window(window)
                progress.note(f"window {number} of {len(windows)}: {window.dt}")
        return len(windows)
    steps = pipeline.client("stepfunctions")
    machine = f"arn:aws:states:{pipeline.region}:{pipeline.account}:stateMachine:{pipeline.prefix}-window"
    for number, window in enumerate(windows, start=1):
        progress.note(f"window {number} of {len(windows)}: {window.dt}")
        started = steps.start_execution(
            stateMachineArn=machine, input=json.dumps(window._asdict(), default=str)
        )["executionArn"]
        while (status := steps.describe_execution(executionArn=started)["status"]) == "RUNNING":
            time.sleep(POLL_SECONDS)
        if status != "SUCCEEDED":
            raise Problem(
                f"the window of {window.dt} ended as {status}; those before it are done: {started}",
                "window_failed",
            )
    return len(windows)
