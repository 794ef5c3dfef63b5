"""Bad data, bad configuration, damaged state, floods, full disks, wrong clocks."""

import contextlib
import io
import json
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rastro import __main__ as cli
from rastro.synthetic_shop import Request, Sent, Verdict, plan
from tests.system.faults.play import Scenario
from tests.system.faults.service import kill
from tests.system.faults.stage import Stage
from tests.system.kcl.daemons import wait_for

MARK = "PoisonedTitle"


def _poison(stage: Stage) -> None:
    """One record kills whichever processor takes it, each time."""
    stage.poisoned.add(MARK.encode())
    stage.set_fault("poison", MARK)
    wait_for(
        lambda: [
            line for line in stage.service.lines(stage.struck_at) if line.get("rejected.crashed_processor")
        ],
        lambda: "the poisoned record is set aside",
        seconds=300,  # three deaths, each with KCL's grace and a start
    )
    stage.clear_fault("poison")
    stage.over()


def _with_poison(seed: int, now: int) -> Sequence[Request]:
    """The shop's load, and in its middle a visitor whose page title kills a processor."""
    requests = list(plan(seed, 150, now).requests)
    event_id = f"b01500ed-0000-4000-8000-{now % 10**12:012d}"
    event = {"event": "page_view", "event_id": event_id, "visitor_id": f"poison-{now}", "ts": now}
    event |= {"page": {"url": "https://www.loja.example/", "title": MARK}}
    body = json.dumps({"sent_at": now, "events": [event]}).encode()
    headers = (("Content-Type", "application/json"), ("User-Agent", "Mozilla/5.0"))
    one = Request(
        f"poison-{now}", "203.0.113.7", headers, body, (Sent(event_id, event, Verdict.ACCEPTED),), now
    )
    requests.insert(len(requests) // 3, one)
    return requests


def _memory(stage: Stage) -> None:
    """A processor may have no more address space than it has: the next allocation fails."""
    task = stage.service.alive()[0]
    for pid in stage.service.processors(task):
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE")
        subprocess.run(["prlimit", f"--pid={pid}", f"--as={limit}"], check=True)
    stage.last(2)
    for pid in stage.service.processors(task):
        with contextlib.suppress(ProcessLookupError):
            kill(pid)  # what the kernel does next to a container that is beyond its limit
    stage.over()


def _broken_sites(stage: Stage) -> None:
    """A document that is no JSON is deployed, new instances of ingest read it, and a processor dies meanwhile."""
    ssm = stage.client("ssm")
    name = stage.facts.sites_parameter
    good = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="{broken", Type="String", Overwrite=True)
    stage.function()
    stage.last(8)
    kill(stage.service.processors(stage.service.alive()[0])[0])
    stage.last(8)
    ssm.put_parameter(Name=name, Value=good, Type="String", Overwrite=True)
    stage.function()
    stage.over()


def _garbage_references(stage: Stage) -> None:
    """A new task finds garbage where the city database should be; the old one goes on."""
    file = stage.home / "garbage.mmdb"
    file.write_bytes(os.urandom(4096))
    fresh = stage.service.start(RASTRO_GEO_CITY=str(file))
    status = fresh.wait_end() and fresh.status()
    assert status == 2, f"a task with garbage must not start: {status}"
    stage.figures["said"] = fresh.tail().strip().splitlines()[-1].strip()[:160]
    stage.over()


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
    s3, place = stage.client("s3"), stage.facts.state_uri.removeprefix("s3://")
    bucket, _, prefix = place.partition("/")
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


def _backlog(stage: Stage) -> None:
    """No task at all while the load goes on, then one that catches up."""
    stage.service.desired = 0
    for task in stage.service.alive():
        task.send(signal.SIGTERM)
        task.wait_end()
    stage.last(25)
    stage.service.scale(1)
    stage.has_all()
    stage.over()


def _none(stage: Stage) -> None:
    """The load is the fault."""


def _hot_key(seed: int, now: int) -> Sequence[Request]:
    """The shop, and one visitor that posts as much as all others together."""
    shop = list(plan(seed, 100, now).requests)
    flood = [_views(f"hot-{now}", f"{seed:04d}", now, number, 5) for number in range(36)]
    return [one for pair in zip(shop, flood, strict=False) for one in pair] + shop[len(flood) :]


def _new_visitors(seed: int, now: int) -> Sequence[Request]:
    """Each request is a visitor who was never seen before."""
    return [_views(f"new-{now}-{number}", f"{seed:04d}", now, number, 1) for number in range(200)]


def _views(visitor: str, seed: str, now: int, number: int, events: int) -> Request:
    made = []
    for index in range(events):
        event_id = f"{seed}{abs(hash(visitor)) % 10**4:04d}-0000-4000-8000-{(now + number * 100 + index) % 10**12:012d}"
        at = now - 600_000 + (number * events + index) * 500
        page = {"url": f"https://www.loja.example/p/{number}", "title": f"Product {number}"}
        event: Any = {
            "event": "page_view",
            "event_id": event_id,
            "visitor_id": visitor,
            "ts": at,
            "page": page,
        }
        made.append(Sent(event_id, event, Verdict.ACCEPTED))
    body = json.dumps({"sent_at": now, "events": [sent.event for sent in made]}).encode()
    headers = (
        ("Content-Type", "application/json"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"),
    )
    return Request(visitor, "198.51.100.4", headers, body, tuple(made), now)


def _full_disk(stage: Stage) -> None:
    """The disk that the task writes to (its log, its heartbeat) has no room left, and a processor dies meanwhile."""
    disk = stage.home / "small-disk"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=True)
    try:
        stage.service.desired = 2
        task = stage.service.start(RASTRO_HEARTBEAT=str(disk / "heartbeat"), RASTRO_LOG=str(disk / "log"))
        wait_for(
            lambda: len(set(stage.leases().values())) == 2, lambda: f"a share of the leases: {stage.leases()}"
        )
        stage.struck()
        (disk / "filler").write_bytes(b"")
        with (disk / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(1024))
            except OSError:
                pass
        stage.last(12)
        (disk / "filler").unlink()
        stage.over()
        stage.service.desired = 1
        task.send(signal.SIGTERM)
        task.wait_end()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def _clock(seconds: int) -> Callable[[Stage], None]:
    """The clock of ingest and of the consumer steps; libfaketime makes it, where it is installed."""

    def hurt(stage: Stage) -> None:
        library = next(Path("/usr/lib").rglob("libfaketime.so.1"), None)
        assert library is not None, "needs libfaketime; on Debian: apt-get install faketime"
        sign = "+" if seconds >= 0 else "-"
        faked = {"LD_PRELOAD": str(library), "FAKETIME": f"{sign}{abs(seconds)}s"}
        faked |= {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        stage.function(**faked)
        old = stage.service.alive()
        stage.service.start(**faked)
        for task in old:
            task.send(signal.SIGTERM)
            task.wait_end()
        stage.has_all()
        stage.last(8)
        stage.function(**dict.fromkeys(faked, ""))
        faulty = stage.service.alive()
        stage.service.start()
        for task in faulty:
            task.send(signal.SIGTERM)
            task.wait_end()
        stage.has_all()
        stage.over()

    return hurt


def _emulator_restarted(stage: Stage) -> None:
    """Every service at once is away and comes back with what it held."""
    stage.restart_emulator()
    stage.over()


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
    Scenario(
        "data-01-poison",
        "a record that kills each processor that takes it",
        _poison,
        "data",
        RESTARTS,
        requests=_with_poison,
        rate=1.5,
    ),
    Scenario("data-02-hot-key", "one visitor posts as much as all others", _none, "data", requests=_hot_key),
    Scenario(
        "data-03-new-visitors",
        "each request a visitor never seen before (200, scaled down from a million)",
        _none,
        "data",
        requests=_new_visitors,
        rate=6,
    ),
    Scenario(
        "data-04-backlog",
        "no consumer for 25 s, then one that catches up",
        _backlog,
        "data",
        ("consumer-tasks",),
    ),
    Scenario(
        "memory-01-limit", "processors without memory, then killed for it", _memory, "machine", RESTARTS
    ),
    Scenario(
        "config-01-sites",
        "a broken sites document is deployed; a processor dies meanwhile",
        _broken_sites,
        "configuration",
        ("sites-document", "consumer-restarts"),
    ),
    Scenario(
        "config-02-references",
        "a new task finds garbage as its city database",
        _garbage_references,
        "configuration",
    ),
    Scenario("state-01-lease-table", "the lease table is deleted", _lease_table_deleted, "state", RESTARTS),
    Scenario(
        "state-02-damaged", "the newest entry of each session log is damaged", _hurt_log(_damaged), "state"
    ),
    Scenario(
        "state-03-truncated", "... is cut short", _hurt_log(lambda data: data[: len(data) // 2]), "state"
    ),
    Scenario("state-04-missing", "... is gone", _hurt_log(lambda _: None), "state"),
    Scenario("state-05-empty", "... is empty", _hurt_log(lambda _: b""), "state"),
    Scenario("machine-01-full-disk", "a task's disk is full for 12 s", _full_disk, "machine"),
    Scenario(
        "machine-02-clock-forward",
        "the clock of ingest and consumer is an hour ahead",
        _clock(3600),
        "machine",
        shifts_time=True,
    ),
    Scenario("machine-03-clock-back", "... an hour behind", _clock(-3600), "machine", shifts_time=True),
    Scenario(
        "rolling-01",
        "old → new with a later state format → old, which refuses → new",
        _rolling,
        "processes",
        RESTARTS,
        kind="rolling",
        rate=1.5,
    ),
    Scenario(
        "kept-01-emulator",
        "every service is away and comes back with its data",
        _emulator_restarted,
        "machine",
        kind="kept",
    ),
)
