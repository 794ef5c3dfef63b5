"""One consumer: KCL's daemon with its children, in a folder and a process group of its own."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rastro.local import processes
from rastro.local.stack import REPOSITORY

FAULTS = Path(__file__).parent / "faults"

T = TypeVar("T")


def wait_for(found: Callable[[], T], what: Callable[[], str], seconds: float = 120.0) -> T:
    """Ask until the answer is true; the answer. The deadline is only for runs that hang."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what()}"
        time.sleep(0.2)


class Daemon:
    """Started by the constructor. `name` is that of its folder and of its log. Signals are sent to the daemon itself,
    so by default no supervisor stands before it."""

    def __init__(
        self, name: str, folder: Path, env: Mapping[str, str], options: tuple[str, ...] = ("--no-restart",)
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._folder = folder / name
        command = [sys.executable, "-m", "enrich_consumer", "kcl", "--folder", str(self._folder), *options]
        self.started_at = time.time()
        self.pid = processes.launch(command, {**os.environ, **env}, self.log, cwd=REPOSITORY)

    def alive(self) -> bool:
        return processes.alive(self.pid)

    def worker(self) -> str:
        """Its name in the lease table; empty while it is starting."""
        file = self._folder / "kcl.properties"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return next((line.partition(" = ")[2] for line in lines if line.startswith("workerId")), "")

    def said(self, message: str, since: float = 0.0) -> Iterator[dict[str, Any]]:
        """Its processors' log lines with this message."""
        with self.log.open("rb") as lines:
            for line in lines:
                if line.startswith(b"{") and message.encode() in line:
                    try:
                        fields = json.loads(line)
                    except ValueError:
                        continue  # still being written
                    if fields.get("message") == message and fields["at"] >= since:
                        yield fields

    def child(self, shard: str) -> int:
        """The process id of the shard's processor, 0 when it has none."""
        pid = 0
        for fields in self.said("shard taken over"):
            if fields["shard"] == shard:
                pid = fields["process"]
        return pid if pid and processes.alive(pid) else 0

    def send(self, number: signal.Signals) -> float:
        """Send it to the daemon alone; epoch seconds."""
        at = time.time()
        os.kill(self.pid, number)
        return at

    def send_group(self, number: signal.Signals) -> float:
        """Send it to the daemon and its children; epoch seconds."""
        at = time.time()
        os.killpg(self.pid, number)
        return at

    def wait_end(self) -> float:
        """Until the daemon is gone; epoch seconds."""
        wait_for(lambda: not self.alive(), lambda: f"the end of {self.name}:\n{self.tail()}")
        return time.time()

    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it lives."""
        return processes._children[self.pid].poll()

    def kill(self) -> None:
        """End it and all its children, whatever state they are in."""
        processes.end(self.pid, grace=0.0)

    def tail(self) -> str:
        return processes.tail(self.log, 40)
