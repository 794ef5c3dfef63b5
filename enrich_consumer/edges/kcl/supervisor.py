"""Keeps KCL's daemon running inside the task: a daemon that ended by itself is started again.

A processor that dies ends its daemon, and with it every shard of the task. Without a supervisor the shards stand still
until ECS has started another task, which takes minutes on Fargate; a new daemon in the same task takes seconds, because
it finds its own leases under its own worker's name.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import NamedTuple

from enrich_consumer.edges.log import Log
from enrich_consumer.edges.metrics import NAMESPACE

RESTARTS = "DaemonRestarts"
"""The metric: how often the daemon was started again. Dimension: Application."""

_PR_SET_PDEATHSIG = 1  # prctl(2): the signal that the kernel sends when the parent dies


class RestartPolicy(NamedTuple):
    """When a daemon that died is started again. All times in seconds.

    `pauses`: how long to wait before the first, second, … start in a row; after the last of them it is given up.
    `healthy`: a daemon that ran at least this long did not die at its start, so the row begins anew.
    """

    pauses: tuple[float, ...] = (0.5, 2.0, 5.0, 10.0, 20.0)
    healthy: float = 120.0

    def pause(self, deaths: int) -> float | None:
        """Seconds to wait after the `deaths`-th death in a row (1 for the first); None: give up."""
        return self.pauses[deaths - 1] if deaths <= len(self.pauses) else None


def supervise(
    command: Sequence[str],
    env: Mapping[str, str],
    log: Log,
    application: str,
    policy: RestartPolicy | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Run the daemon until it is asked to stop or dies too often in a row; the exit status.

    SIGTERM and SIGINT go to the daemon, which then hands its leases over; it is not started again, and its own exit
    status is the answer. After too many deaths in a row the last daemon's status (at least 1) is the answer, so that
    ECS and the alarm see it.
    """
    policy = policy or RestartPolicy()
    stop = _Stop()
    deaths = 0
    while True:
        began = clock()
        daemon = _start(command, env)
        stop.daemon = daemon
        if stop.asked:
            _send(daemon, signal.SIGTERM)  # the signal came while there was no daemon to pass it on to
        status = daemon.wait()
        if stop.asked:
            return _exit_status(status)
        lived = clock() - began
        deaths = 1 if lived >= policy.healthy else deaths + 1
        pause = policy.pause(deaths)
        fields = {"status": status, "lived_seconds": round(lived, 1), "deaths_in_a_row": deaths}
        if pause is None:
            log.fail("the daemon died too often, the task ends", **fields)
            return max(1, _exit_status(status))
        log.fail("the daemon died and is started again", pause_seconds=pause, **fields)
        log.line(restart_metric(application, int(time.time() * 1000)))
        if stop.wait(pause):
            return _exit_status(status)


def restart_metric(application: str, at_ms: int) -> dict[str, object]:
    """One restart as a log line in CloudWatch's embedded metric format. `at_ms`: epoch milliseconds."""
    return {
        "_aws": {
            "Timestamp": at_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Application"]],
                    "Metrics": [{"Name": RESTARTS, "Unit": "Count"}],
                }
            ],
        },
        "Application": application,
        RESTARTS: 1,
    }


_LOOK_S = 0.1


class _Stop:
    """Passes SIGTERM and SIGINT on to the daemon that runs now."""

    def __init__(self) -> None:
        self.asked = False
        self.daemon: subprocess.Popen[bytes] | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def wait(self, seconds: float) -> bool:
        """Whether it was asked to stop within these seconds.

        No `threading.Event`: the handler runs in the thread that waits, and blocks for good when the signal comes while
        that thread holds the event's lock.
        """
        until = time.monotonic() + seconds
        while not self.asked and (rest := until - time.monotonic()) > 0:
            time.sleep(min(rest, _LOOK_S))
        return self.asked

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        if self.daemon is not None:
            _send(self.daemon, signal.SIGTERM)


def _send(daemon: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        daemon.send_signal(number)


def _start(command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The daemon as a child in the same process group, so that a signal to the group reaches it too."""
    parent = os.getpid()

    def die_with_parent() -> None:
        # Two daemons of one worker name would both believe that they hold the same leases. So when the supervisor
        # is killed, the daemon must go too.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(command, env=dict(env), preexec_fn=die_with_parent)  # noqa: S603, PLW1509 - our own words; no other thread runs


def _exit_status(status: int) -> int:
    """The exit status as a shell gives it: a death by signal N is 128 + N."""
    return status if status >= 0 else 128 - status
