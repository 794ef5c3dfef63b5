"""CPU of a Java daemon and its children, by what it went to; from /proc."""

import os
from collections.abc import Iterator
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
    """Of one process group with one Java in it, which the group's leader supervises. To be read now and then: a
    thread that ended between two readings counts up to the first."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._compiler: dict[str, int] = {}
        self._collector: dict[str, int] = {}

    def java_pid(self) -> int:
        """The group's Java; 0 while there is none."""
        found = (int(folder.name) for folder, name, _ in self._group() if name == "java")
        return next(found, 0)

    def read(self) -> Used:
        """Since the start of each process. The children's includes the supervisor's, and those that ended and were
        waited for."""
        java = children = 0
        for _, name, fields in self._group():
            own, waited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
            java += own if name == "java" else 0
            children += waited + (0 if name == "java" else own)
        self._threads()
        compiler, collector = sum(self._compiler.values()), sum(self._collector.values())
        return Used(java / TICKS, compiler / TICKS, collector / TICKS, children / TICKS)

    def _group(self) -> Iterator[tuple[Path, str, list[str]]]:
        """(folder of /proc, name, fields after the name) of each process of the group."""
        for folder in Path("/proc").glob("[0-9]*"):
            name, fields = _stat(folder / "stat")
            if fields and int(fields[2]) == self._leader:
                yield folder, name, fields

    def _threads(self) -> None:
        for task in Path(f"/proc/{self.java_pid()}/task").glob("[0-9]*"):
            try:
                name = (task / "comm").read_text(encoding="utf-8")
            except OSError:
                continue  # it has ended
            _, fields = _stat(task / "stat")
            kind = self._compiler if name.startswith(COMPILER) else self._collector
            if fields and name.startswith(COMPILER + COLLECTOR):
                kind[task.name] = int(fields[11]) + int(fields[12])


def _stat(file: Path) -> tuple[str, list[str]]:
    """(name, fields after it); no fields when the process has ended."""
    try:
        head, _, rest = file.read_text(encoding="utf-8", errors="replace").rpartition(")")
    except OSError:
        return "", []
    return head.partition("(")[2], rest.split()
