"""The commands `rastro up` and `rastro down`, as a person uses them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rastro.local import processes, running

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

RASTRO = [sys.executable, "-m", "rastro"]


def _up(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RASTRO, "up", "--no-consumer", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _wait_for(path: Path, process: subprocess.Popen[str]) -> dict[str, object]:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    found = (tmp_path / "one", tmp_path / "two")
    yield found
    for home in found:
        subprocess.run([*RASTRO, "down", "--home", str(home)], check=True, capture_output=True)


def test_two_stacks_run_at_once_and_end_without_a_trace(homes: tuple[Path, Path]) -> None:
    one, two = (_up(home) for home in homes)
    facts = [_wait_for(home / "local.json", up) for home, up in zip(homes, (one, two), strict=True)]
    assert facts[0]["aws_endpoint"] != facts[1]["aws_endpoint"]
    pids = [running.running(home)["emulator"] for home in homes]

    os.kill(one.pid, signal.SIGINT)
    out, err = one.communicate(timeout=180)
    assert (one.returncode, err) == (0, "")
    assert "curl -i 'http://127.0.0.1:" in out
    assert not processes.alive(pids[0])
    assert processes.alive(pids[1])
    assert not (homes[0] / "local.json").exists()

    os.kill(pids[1], signal.SIGKILL)  # the emulator of the other dies
    out, err = two.communicate(timeout=180)
    assert two.returncode == 2
    assert "rastro: the emulator has ended; its log" in err
    assert running.running(homes[1]) == {}


def test_detached_stack_is_stopped_by_down_even_if_its_starter_is_gone(homes: tuple[Path, Path]) -> None:
    home = homes[0]
    done = subprocess.run(
        [*RASTRO, "up", "--no-consumer", "--detach", "--home", str(home)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert f"rastro down --home {home}" in done.stdout
    pid = running.running(home)["emulator"]
    (home / "local.json").unlink()  # as if the starter had been killed before it wrote the file
    down = subprocess.run([*RASTRO, "down", "--home", str(home)], check=True, capture_output=True, text=True)
    assert down.stdout == "stopped\n"
    assert not processes.alive(pid)
    again = subprocess.run([*RASTRO, "down", "--home", str(home)], check=True, capture_output=True, text=True)
    assert again.stdout == f"nothing runs under {home}\n"
