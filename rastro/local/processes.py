"""Processes of the local stack: each leads its own group, logs to its own file, and is ended by its id."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_KILL_AFTER = 5.0  # seconds a process gets after SIGTERM if nothing else is said
_POLL = 0.05


_children: dict[int, subprocess.Popen[bytes]] = {}
"""Those that this process started and must wait for; others, of an earlier command, are not our children."""


def launch(command: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path) -> int:
    """Start `command` in a session of its own, so that Ctrl-C at the terminal does not reach it; its id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        child = subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    return child.pid


def alive(pid: int) -> bool:
    """Whether the process runs; a dead child that nobody waited for does not count."""
    if pid in _children:
        return _children[pid].poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def end(pid: int, grace: float = _KILL_AFTER) -> None:
    """SIGTERM to the process, then, after `grace` seconds, SIGKILL to what is left of its group."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(_POLL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    while alive(pid):
        time.sleep(_POLL)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, to show why its process died."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (the log is empty)"


def _state(pid: int) -> str:
    """One letter as the kernel names it, for example R, S, Z; empty where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]
