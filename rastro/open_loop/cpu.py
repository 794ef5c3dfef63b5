"""CPU-seconds of the processes of a local stack, from /proc: user and system, with ended children."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Stat(NamedTuple):
    """A process or a thread (proc(5), `stat`). `own` and `waited`: ticks of its own, and of children that ended."""

    name: str
    group: int
    own: int
    waited: int


def read_stat(file: Path) -> Stat | None:
    """None when it has ended."""
    try:
        head, _, rest = file.read_text(encoding="utf-8", errors="replace").rpartition(")")
    except OSError:
        return None
    fields = rest.split()
    own, waited = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
    return Stat(head.partition("(")[2], int(fields[2]), own, waited)


def processes() -> Iterator[tuple[int, Stat]]:
    """(pid, stat) of every process; nothing where there is no /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        stat = read_stat(folder / "stat")
        if stat:
            yield int(folder.name), stat


def seconds(groups: tuple[tuple[str, int], ...]) -> dict[str, float]:
    """By the group's name. A consumer is two: Java (`daemon`), and `processors`, which is everything else: the record
    processors, and the supervisor that started Java."""
    leaders = {pid: name for name, pid in groups}
    found: dict[str, float] = {}
    for _, stat in processes():
        name = leaders.get(stat.group)
        if name is None:
            continue
        if name == "consumer":
            in_java = stat.own if stat.name == "java" else 0
            found["daemon"] = found.get("daemon", 0) + in_java / TICKS
            found["processors"] = found.get("processors", 0) + (stat.own + stat.waited - in_java) / TICKS
        else:
            found[name] = found.get(name, 0) + (stat.own + stat.waited) / TICKS
    return found
