"""Which processes run under a home folder; known even if their starter was killed."""

import json
from pathlib import Path

from rastro.local import processes

_FILE = "processes.json"
_MARKS = {
    "emulator": ("ministack",),
    "consumer": ("enrich_consumer", "MultiLangDaemon"),
    "shop": ("rastro.demo_shop",),
    "console": ("console",),
    "ticker": ("rastro.local.ticker",),
    "courier": ("rastro.local.courier",),
}
"""A word of each command line; the consumer's process becomes KCL's daemon."""


def note(home: Path, name: str, pid: int) -> None:
    """Remember a process as soon as it is started."""
    pids = _read(home)
    pids[name] = pid
    (home / _FILE).write_text(json.dumps(pids) + "\n", encoding="utf-8")


def running(home: Path) -> dict[str, int]:
    """Process ids by name (those of `_MARKS`), of those that live and are ours."""
    return {name: pid for name, pid in _read(home).items() if processes.alive(pid) and _is(pid, _MARKS[name])}


def forget(home: Path) -> None:
    (home / _FILE).unlink(missing_ok=True)


def _read(home: Path) -> dict[str, int]:
    try:
        document = json.loads((home / _FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): int(pid) for name, pid in document.items() if name in _MARKS}


def _is(pid: int, marks: tuple[str, ...]) -> bool:
    """Ids are used again, after a restart above all: ask the kernel what runs under this one, if it tells."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()
    return any(mark.encode() in command for mark in marks)
