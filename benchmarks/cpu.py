"""CPU of a Java daemon and its children, by what it went to; from /proc."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

from rastro.open_loop.cpu import TICKS, Stat, processes, read_stat

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
        return next((pid for pid, stat in self._group() if stat.name == "java"), 0)

    def read(self) -> Used:
        """Since the start of each process. The children's includes the supervisor's, and those that ended and were
        waited for."""
        java = children = 0
        for pid, stat in self._group():
            if stat.name == "java":
                java += stat.own
                self._threads(pid)
            else:
                children += stat.own
            children += stat.waited
        compiler, collector = sum(self._compiler.values()), sum(self._collector.values())
        return Used(java / TICKS, compiler / TICKS, collector / TICKS, children / TICKS)

    def _group(self) -> Iterator[tuple[int, Stat]]:
        return ((pid, stat) for pid, stat in processes() if stat.group == self._leader)

    def _threads(self, java: int) -> None:
        for task in Path(f"/proc/{java}/task").glob("[0-9]*"):
            stat = read_stat(task / "stat")
            if stat and stat.name.startswith(COMPILER + COLLECTOR):
                kind = self._compiler if stat.name.startswith(COMPILER) else self._collector
                kind[task.name] = stat.own
