"""The record processor as a real child: what leaves it, what reaches it, how it ends."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from enrich_consumer.__main__ import STALE_SECONDS
from enrich_consumer.edges.kcl.processor import FATAL
from enrich_consumer.settings import Settings
from rastro.local import emulator as local_emulator
from tests.support.child import ChildProcess
from tests.support.consumer_doubles import SITES_TEXT, event, incoming
from tests.support.consumer_doubles import event_id as eid
from tests.support.daemon_side import (
    LEASE_LOST,
    SHARD,
    SHUTDOWN_REQUESTED,
    asked,
    checkpointed,
    done,
    initialize,
    process_records,
)

pytestmark = pytest.mark.emulator

_numbers = itertools.count()


class Consumer:
    """Streams on the emulator, a folder for the rest, and the environment that names them."""

    def __init__(self, url: str, folder: Path) -> None:
        name = f"child-{next(_numbers)}"
        self.folder = folder
        self._kinesis = local_emulator.client(url, "kinesis")
        self._enriched = f"{name}-enriched"
        for stream in (f"{name}-raw", self._enriched):
            self._kinesis.create_stream(StreamName=stream, ShardCount=1)
        (folder / "sites.json").write_text(SITES_TEXT)
        aws = local_emulator.aws_environment(url)
        del aws["AWS_DEFAULT_REGION"]  # ECS sets AWS_REGION alone
        settings = Settings(
            application="shop",
            raw_stream=f"{name}-raw",
            enriched_stream=self._enriched,
            rejected_delivery=f"{name}-rejected",
            state=f"file:{folder}/state",
            sites=f"file:{folder}/sites.json",
            geo_city="none",
            geo_asn="none",
            heartbeat=str(folder / "beats"),
            flush_events=1,
            checkpoint_seconds=0,
        )
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RASTRO_"))},
            **settings.to_env(),
            **aws,
        }

    def enriched(self) -> list[str]:
        """The event ids in the enriched stream."""
        shard = self._kinesis.list_shards(StreamName=self._enriched)["Shards"][0]["ShardId"]
        iterator = self._kinesis.get_shard_iterator(
            StreamName=self._enriched, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = self._kinesis.get_records(ShardIterator=iterator)["Records"]
        return [json.loads(line)["event_id"] for record in records for line in record["Data"].splitlines()]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "enrich_consumer", *command],
            env=self.env,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )


@pytest.fixture
def consumer(emulator: str, tmp_path: Path) -> Consumer:
    return Consumer(emulator, tmp_path)


@pytest.fixture
def start(consumer: Consumer) -> Iterator[Callable[..., ChildProcess]]:
    running: list[ChildProcess] = []

    def begin(**given: object) -> ChildProcess:
        running.append(ChildProcess(consumer.env, **given))
        return running[-1]

    yield begin
    for child in running:
        child.__exit__()


def test_a_life_through_pipes(consumer: Consumer, start: Callable[..., ChildProcess]):
    child = start()
    assert child.ask(initialize()) == done("initialize")
    assert (consumer.folder / "beats" / SHARD).exists()
    assert child.ask(process_records(incoming(5, event(5, user_id='\n{"action":"checkpoint"}\n')))) == asked(
        5
    )
    assert child.ask(checkpointed(5)) == done("processRecords")
    assert child.ask(SHUTDOWN_REQUESTED) == done("shutdownRequested")
    assert child.ask(LEASE_LOST) == done("leaseLost")
    assert not (consumer.folder / "beats" / SHARD).exists()
    assert child.end() == 0
    assert consumer.enriched() == [eid(5)]
    log = [json.loads(line) for line in child.errors.splitlines()]
    assert [line["message"] for line in log if "message" in line] == [
        "shard taken over",
        "stopped",
        "lease lost",
    ]
    assert {line["shard"] for line in log} == {SHARD}
    assert {line["process"] for line in log} == {child.process.pid}


_NOISY = """
import os, runpy, subprocess, sys
from enrich_consumer import worker
work = worker.Worker.work
def noisy(self, *given):
    print('{"action": "checkpoint", "sequenceNumber": "999", "subSequenceNumber": 0}', flush=True)
    sys.__stdout__.write('{"action": "status", "responseFor": "processRecords"}\\n'); sys.__stdout__.flush()
    os.write(1, b'{"action": "checkpoint", "sequenceNumber": "998", "subSequenceNumber": 0}\\n')
    subprocess.run(["echo", '{"action": "checkpoint", "sequenceNumber": "997"}'], check=True)
    return work(self, *given)
worker.Worker.work = noisy
runpy.run_module("enrich_consumer", run_name="__main__", alter_sys=True)
"""


def test_what_is_printed_does_not_reach_the_daemon(start: Callable[..., ChildProcess]):
    child = start(start=("-c", _NOISY))
    assert child.ask(initialize()) == done("initialize")
    assert child.ask(process_records(incoming(5))) == asked(5)
    assert child.ask(checkpointed(5)) == done("processRecords")
    assert child.end() == 0
    assert child.answer() is None
    assert all(f'"{number}"' in child.errors for number in (999, 998, 997))
    assert '"responseFor": "processRecords"' in child.errors


def test_signals_are_the_daemons_business(start: Callable[..., ChildProcess]):
    child = start()
    child.ask(initialize())
    for number in (signal.SIGTERM, signal.SIGINT):
        os.killpg(child.process.pid, number)
        assert child.ask(process_records()) == done("processRecords")
    child.say(process_records(incoming(5)))
    assert child.answer() == asked(5)
    os.kill(child.process.pid, signal.SIGTERM)
    assert child.ask(checkpointed(5)) == done("processRecords")
    assert child.end() == 0


def test_a_fatal_error_ends_the_child_without_a_status(
    consumer: Consumer, start: Callable[..., ChildProcess]
):
    consumer.env["RASTRO_ENRICHED_STREAM"] = "nowhere"
    child = start()
    assert child.ask(initialize()) == done("initialize")
    assert child.ask(process_records(incoming(5))) is None
    assert child.wait() == FATAL
    last = json.loads(child.errors.splitlines()[-1])
    assert (last["level"], last["code"], last["shard"]) == ("ERROR", "PutRefusedError", SHARD)
    assert "nowhere" in last["detail"]


def test_the_log_goes_where_the_daemon_says(consumer: Consumer, start: Callable[..., ChildProcess]):
    consumer.env["RASTRO_LOG"] = str(consumer.folder / "log")
    child = start()
    child.ask(initialize())
    assert child.end() == 0
    assert child.errors == ""
    assert json.loads((consumer.folder / "log").read_text())["message"] == "shard taken over"


def test_missing_settings_are_reported_in_one_line(consumer: Consumer, start: Callable[..., ChildProcess]):
    del consumer.env["RASTRO_STATE"], consumer.env["RASTRO_RAW_STREAM"]
    child = start()
    assert child.wait() == 2
    assert child.answer() is None
    assert child.errors == (
        "rastro consumer: RASTRO_RAW_STREAM is not set; RASTRO_STATE is not set"
        " (docs/settings.md says what each means)\n"
    )


@pytest.mark.parametrize(
    ("command", "variable", "value", "message"),
    [
        ("record-processor", "RASTRO_GEO_CITY", "/none/city.mmdb", r"not found: /none/city.mmdb; "),
        ("kcl", "RASTRO_GEO_CITY", "/none/city.mmdb", r"not found: /none/city.mmdb; .*rastro data fetch"),
        ("kcl", "RASTRO_SITES", "file:/none.json", "cannot be read: .*'/none.json'"),
        ("kcl", "RASTRO_SITES", "ssm:/none", "cannot be read from ssm:/none: .*ParameterNotFound"),
    ],
)
def test_a_start_without_what_it_needs_is_reported_in_one_line(
    consumer: Consumer, command, variable, value, message
):

    consumer.env[variable] = value
    found = consumer.run(command, *(["--folder", str(consumer.folder)] if command == "kcl" else []))
    assert (found.returncode, found.stdout) == (2, "")
    assert re.search(f"^rastro consumer: .*{message}", found.stderr)
    assert found.stderr.count("\n") == 1


def test_health(consumer: Consumer, start: Callable[..., ChildProcess]):
    beat = consumer.folder / "beats" / SHARD
    assert consumer.run("health").returncode == 0  # no shard yet is well
    child = start()
    child.ask(initialize())
    assert consumer.run("health").returncode == 0
    old = time.time() - STALE_SECONDS - 5
    os.utime(beat, (old, old))
    found = consumer.run("health")
    assert found.returncode == 1
    assert found.stderr == f"rastro consumer: {SHARD} has stood still for over {STALE_SECONDS} s\n"
    child.ask(process_records())
    assert consumer.run("health").returncode == 0


def test_health_without_a_folder_is_a_mistake(consumer: Consumer):
    del consumer.env["RASTRO_HEARTBEAT"]
    found = consumer.run("health")
    assert (found.returncode, "RASTRO_HEARTBEAT is not set" in found.stderr) == (2, True)
