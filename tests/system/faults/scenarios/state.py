"""Leases and session logs are lost, damaged or of another version."""

import contextlib
import io
import signal
from collections.abc import Callable

from rastro import __main__ as cli
from tests.system.faults.play import Scenario
from tests.system.faults.stage import Stage
from tests.system.kcl.daemons import wait_for


def _lease_table_deleted(stage: Stage) -> None:
    stage.client("dynamodb").delete_table(TableName="rastro-local")
    stage.last(5)
    wait_for(
        lambda: len([owner for owner in stage.leases().values() if owner]) >= len(stage.open_shards()),
        lambda: f"the lease table is there again: {stage.leases()}",
    )
    stage.over()


def _newest_entries(stage: Stage) -> list[str]:
    """The key of the newest entry of each shard's session log."""
    s3, path = stage.client("s3"), stage.facts.state_uri.removeprefix("s3://")
    bucket, _, prefix = path.partition("/")
    found: dict[str, str] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            log, _, _ = entry["Key"].rpartition("/")
            if log.endswith("/log"):
                found[log] = max(found.get(log, ""), entry["Key"])
    return list(found.values())


def _hurt_log(change: Callable[[bytes], bytes | None]) -> Callable[[Stage], None]:
    """The newest entry of each shard's log while no task runs; then a task starts again."""

    def hurt(stage: Stage) -> None:
        stage.service.desired = 0
        for task in stage.service.alive():
            task.send_group(signal.SIGKILL)
            task.wait_end()
        bucket = stage.facts.state_uri.removeprefix("s3://").partition("/")[0]
        s3 = stage.client("s3")
        keys = _newest_entries(stage)
        assert keys, "there is a session log"
        for key in keys:
            changed = change(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            if changed is None:
                s3.delete_object(Bucket=bucket, Key=key)
            else:
                s3.put_object(Bucket=bucket, Key=key, Body=changed)
        stage.figures["entries"] = len(keys)
        stage.service.scale(1)
        if not _reads_again(stage):
            _rewind(stage)
        stage.has_all()
        stage.over()

    return hurt


def _reads_again(stage: Stage) -> bool:
    """Whether the task takes the shards over; False when it refuses because the log's good part is too old."""

    def decided() -> str:
        lines = list(stage.service.lines(stage.struck_at))
        if any(line.get("message") == "the processor cannot go on" for line in lines):
            return "refuses"
        taken = {line["shard"] for line in lines if line.get("message") == "shard taken over"}
        return "takes over" if taken >= set(stage.open_shards()) else ""

    answer = wait_for(decided, lambda: "the task takes the shards over or refuses to")
    stage.figures["the task"] = answer
    return answer == "takes over"


def _rewind(stage: Stage) -> None:
    """What the runbook says: stop the consumer, set KCL's checkpoint back to the end of the log's good part, start."""
    stage.service.desired = 0
    for task in stage.service.alive():
        task.kill()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert cli.main(["reset", "--all", "--to", "state", "--home", str(stage.home)]) == 0, said.getvalue()
    stage.figures["operator"] = "rastro reset --all --to state"
    stage.service.scale(1)


def _damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 0xFF for byte in data[middle : middle + 8]) + data[middle + 8 :]


def _rolling(stage: Stage) -> None:
    """Old, new, old, new: the new one writes the session log in a later format, which the old one refuses to read."""
    _replace(stage, RASTRO_TEST_STATE_LATER="1")
    stage.has_all()
    stage.last(6)
    _replace(stage)
    refused = wait_for(
        lambda: [
            line
            for line in stage.service.lines(stage.struck_at)
            if line.get("code") == "unknown_state_version"
        ],
        lambda: "the old one says that it cannot read the new one's state",
    )
    stage.figures["said"] = str(refused[0].get("detail"))[:160]
    _replace(stage, RASTRO_TEST_STATE_LATER="1")
    stage.has_all()
    stage.over()
    # for the scenarios that follow: the state in the old format again
    stage.extra = {"RASTRO_TEST_STATE_LATER": "1"}


def _replace(stage: Stage, **more: str) -> None:
    """A deployment with one task: the new one starts, the old one is asked to stop."""
    old = stage.service.alive()
    stage.service.desired = 2
    stage.service.start(**more)
    stage.last(6)
    stage.service.desired = 1
    for task in old:
        task.send(signal.SIGTERM)
        task.wait_end()


RESTARTS = ("consumer-restarts",)


SCENARIOS = (
    Scenario("state-01-lease-table", "the lease table is deleted", _lease_table_deleted, "state", RESTARTS),
    Scenario(
        "state-02-damaged", "the newest entry of each session log is damaged", _hurt_log(_damaged), "state"
    ),
    Scenario(
        "state-03-truncated", "... is cut short", _hurt_log(lambda data: data[: len(data) // 2]), "state"
    ),
    Scenario("state-04-missing", "... is gone", _hurt_log(lambda _: None), "state"),
    Scenario("state-05-empty", "... is empty", _hurt_log(lambda _: b""), "state"),
    Scenario(
        "rolling-01",
        "old → new with a later state format → old, which refuses → new",
        _rolling,
        "processes",
        RESTARTS,
        kind="rolling",
        rate=1.5,
    ),
)
