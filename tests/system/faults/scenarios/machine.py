"""No memory, a full disk, a wrong clock, everything away at once."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.system.faults.play import Scenario
from tests.system.faults.service import kill
from tests.system.faults.stage import Stage
from tests.system.kcl.daemons import wait_for


def _memory(stage: Stage) -> None:
    """A processor may have no more address space than it has: the next allocation fails."""
    task = stage.service.alive()[0]
    for pid in stage.service.processors(task):
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE")
        subprocess.run(["prlimit", f"--pid={pid}", f"--as={limit}"], check=True)
    stage.last(2)
    stage.struck()  # what comes of it comes after the kill
    for pid in stage.service.processors(task):
        with contextlib.suppress(ProcessLookupError):
            kill(pid)  # what the kernel does next to a container that is beyond its limit
    stage.over()


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
    """The clocks of ingest, by libfaketime where it is installed, and of the record processors step. Not the
    daemon's: under libfaketime Java's waits end at once or never."""

    def hurt(stage: Stage) -> None:
        library = next(Path("/usr/lib").rglob("libfaketime.so.1"), None)
        assert library is not None, "needs libfaketime; on Debian: apt-get install faketime"
        sign = "+" if seconds >= 0 else "-"
        faked = {"LD_PRELOAD": str(library), "FAKETIME": f"{sign}{abs(seconds)}s"}
        faked |= {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        stage.function(**faked)
        old = stage.service.alive()
        stage.service.start(RASTRO_TEST_CLOCK=str(seconds))
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


RESTARTS = ("consumer-restarts",)


SCENARIOS = (
    Scenario(
        "memory-01-limit", "processors without memory, then killed for it", _memory, "machine", RESTARTS
    ),
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
        "kept-01-emulator",
        "every service is away and comes back with its data",
        _emulator_restarted,
        "machine",
        kind="kept",
    ),
)
