"""CPU of a Java daemon and its children, by what it went to; from /proc."""

import os
from pathlib import Path
from typing import NamedTuple, Self

TICKS = os.sysconf("SC_CLK_TCK")

COMPILER = ("C1 CompilerThre", "C2 CompilerThre")
COLLECTOR = ("GC Thread#", "G1 ", "VM Thread")
"""Threads by the start of their names as the kernel has them. The serial collector has no thread of its own:
it works in the VM thread, which otherwise does next to nothing."""


class Used(NamedTuple):
    """Seconds. The compiler's and the collector's are a part of Java's."""

    java: float
    compiler: float
    collector: float
    children: float

    def since(self, before: Self) -> "Used":
        """What came after `before`."""
        return Used(*(mine - its for mine, its in zip(self, before, strict=True)))

    @property
    def all(self) -> float:
        """Java and the children."""
        return self.java + self.children


class Meter:
    """Of one process group that Java leads. To be read now and then: a thread that ended between two readings
    counts up to the first."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._compiler: dict[str, int] = {}
        self._collector: dict[str, int] = {}

    def read(self) -> Used:
        """Since the start of each process. The children's includes those that ended and were waited for."""
        java = children = 0
        for folder in Path("/proc").glob("[0-9]*"):
            fields = _fields(folder / "stat")
            if not fields or int(fields[2]) != self._leader:
                continue
            own, waited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
            if folder.name == str(self._leader):
                java += own
                children += waited
            else:
                children += own + waited
        self._threads()
        compiler, collector = sum(self._compiler.values()), sum(self._collector.values())
        return Used(java / TICKS, compiler / TICKS, collector / TICKS, children / TICKS)

    def _threads(self) -> None:
        for task in Path(f"/proc/{self._leader}/task").glob("[0-9]*"):
            try:
                name = (task / "comm").read_text(encoding="utf-8")
            except OSError:
                continue  # it has ended
            fields = _fields(task / "stat")
            kind = self._compiler if name.startswith(COMPILER) else self._collector
            if fields and name.startswith(COMPILER + COLLECTOR):
                kind[task.name] = int(fields[11]) + int(fields[12])


def _fields(stat: Path) -> list[str]:
    """After the name, which may hold anything; empty when the process has ended."""
    try:
        return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
