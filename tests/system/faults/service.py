"""The consumer as ECS runs it: so many tasks, each a supervisor with KCL's daemon and its processors; a task that ended
is replaced."""

import contextlib
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.system.kcl.daemons import Daemon

REPLACE_SECONDS = 3.0
"""ECS on Fargate takes one to two minutes; what a scenario measures is added to that."""


class Service:
    """`environment` gives the variables of a task. Numbers of running tasks are kept with their times."""

    def __init__(self, folder: Path, environment: Callable[[], Mapping[str, str]]) -> None:
        self._folder = folder
        self._environment = environment
        self._names = itertools.count(1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="service", daemon=True)
        self.desired = 0
        self.tasks: list[Daemon] = []
        self.running: list[tuple[float, int]] = []
        self._ended_at: float | None = None

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Stop every task as a deployment does, then whatever is left."""
        self.desired = 0
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        for task in self.alive():
            task.send(signal.SIGTERM)
        for task in self.alive():
            with contextlib.suppress(AssertionError):
                task.wait_end()
        for task in self.tasks:
            task.kill()

    def scale(self, tasks: int) -> None:
        """So many from now on: new ones start, the youngest are stopped."""
        self.desired = tasks
        for task in self.alive()[tasks:]:
            task.send(signal.SIGTERM)
        while len(self.alive()) < tasks:
            self.start()

    def start(self, **more: str) -> Daemon:
        """One more task, with more variables than the others have."""
        name = f"task-{next(self._names)}"
        beats = self._folder / name / "heartbeat"
        env = {**self._environment(), "RASTRO_HEARTBEAT": str(beats), **more}
        task = Daemon(name, self._folder, env, options=())
        self.tasks.append(task)
        return task

    def alive(self) -> list[Daemon]:
        return [task for task in self.tasks if task.alive()]

    def processors(self, task: Daemon) -> list[int]:
        """Process ids of the task's record processors, shard by shard."""
        shards = {fields["shard"] for fields in task.said("shard taken over")}
        return [pid for shard in sorted(shards) if (pid := task.child(shard))]

    def java(self, task: Daemon) -> int:
        """The process id of the task's daemon: the supervisor's child."""
        for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                if (
                    int(stat[1]) == task.pid
                    and b"MultiLangDaemon" in Path(f"/proc/{pid}/cmdline").read_bytes()
                ):
                    return pid
        raise LookupError(f"{task.name} has no daemon")

    def lines(self, since: float) -> Iterator[dict[str, Any]]:
        """Every line of JSON of every task since then."""
        for task in self.tasks:
            for line in _json_lines(task.log):
                if line.get("at", 0.0) >= since:
                    yield line | {"task": task.name}

    def _keep(self) -> None:
        while not self._stop.wait(0.5):
            now = time.time()
            running = len(self.alive())
            self.running.append((now, running))
            if running >= self.desired:
                self._ended_at = None
            elif self._ended_at is None:
                self._ended_at = now
            elif now - self._ended_at >= REPLACE_SECONDS:
                self.start()
                self._ended_at = None


def _json_lines(log: Path) -> Iterator[dict[str, Any]]:
    import orjson

    with log.open("rb") as lines:
        for line in lines:
            if line.startswith(b"{"):
                with contextlib.suppress(ValueError):
                    found = orjson.loads(line)
                    if isinstance(found, dict):
                        yield found


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    os.kill(pid, number)
