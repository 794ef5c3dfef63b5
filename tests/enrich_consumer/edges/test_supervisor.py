"""The supervisor: a daemon that dies is started again, one that is asked to stop is not, and none outlives it."""

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from enrich_consumer.edges.kcl.supervisor import RESTARTS, RestartPolicy
from rastro.local import processes

PROGRAM = """
import json, os, sys
from enrich_consumer.edges.kcl.supervisor import RestartPolicy, supervise
from enrich_consumer.edges.log import Log

command, pauses, healthy = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
policy = RestartPolicy(tuple(pauses), healthy)
sys.exit(supervise(["/bin/sh", "-c", command], os.environ, Log(sys.stderr), "shop", policy))
"""


def start(command: str, pauses: list[float], healthy: float = 1000.0) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROGRAM, command, json.dumps(pauses), str(healthy)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in io.StringIO(text)]


def wait_for_file(path: Path) -> str:
    deadline = time.monotonic() + 60
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
    return path.read_text()


def test_the_pauses_grow_and_then_it_gives_up():
    policy = RestartPolicy(pauses=(1.0, 5.0))
    assert [policy.pause(deaths) for deaths in (1, 2, 3)] == [1.0, 5.0, None]
    assert list(RestartPolicy().pauses) == sorted(RestartPolicy().pauses)


def test_a_daemon_that_dies_is_started_again_until_it_dies_too_often():
    ended = start("echo started; exit 3", [0.01, 0.02])
    output, errors = ended.communicate(timeout=60)
    assert ended.returncode == 3
    assert output.splitlines() == ["started"] * 3
    logged = lines(errors)
    assert [line["deaths_in_a_row"] for line in logged if "deaths_in_a_row" in line] == [1, 2, 3]
    assert sum(line.get(RESTARTS, 0) for line in logged) == 2
    assert logged[-1]["message"] == "the daemon died too often, the task ends"


def test_a_daemon_that_ends_without_an_error_is_a_failed_task_too():
    ended = start("exit 0", [])
    ended.communicate(timeout=60)
    assert ended.returncode == 1


def test_after_a_healthy_time_the_row_begins_anew():
    ended = start("sleep 0.2; exit 1", [0.01], healthy=0.1)
    time.sleep(2)
    assert ended.poll() is None, "it lives longer than one death"
    ended.send_signal(signal.SIGTERM)
    _, errors = ended.communicate(timeout=60)
    assert {line["deaths_in_a_row"] for line in lines(errors) if "deaths_in_a_row" in line} == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_passed_on_and_nothing_is_started_again(tmp_path: Path, number: signal.Signals):
    mark = tmp_path / "started"
    command = f"trap 'echo handed over; exit 0' TERM; echo x > {mark}; while :; do sleep 0.05; done"
    running = start(command, [0.01] * 5)
    wait_for_file(mark)
    running.send_signal(number)
    output, errors = running.communicate(timeout=60)
    assert (running.returncode, output, errors) == (0, "handed over\n", "")


def test_a_stop_during_a_pause_ends_at_once():
    running = start("echo started; exit 1", [600.0])
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    assert running.stderr is not None
    running.stderr.readline()  # it says that it died: the pause has begun
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 1


def test_the_daemon_does_not_outlive_a_killed_supervisor(tmp_path: Path):
    file = tmp_path / "pid"
    running = start(f"echo $$ > {file}; exec sleep 1000", [0.01])
    daemon = int(wait_for_file(file))
    running.kill()
    deadline = time.monotonic() + 60
    while processes.alive(daemon) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.communicate()
    assert not processes.alive(daemon)
