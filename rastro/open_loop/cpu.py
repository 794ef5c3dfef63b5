"""CPU-seconds of the processes of a local stack, from /proc: user and system, with ended children."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def seconds(groups: tuple[tuple[str, int], ...]) -> dict[str, float]:
    """By the group's name; nothing where there is no /proc. A consumer is two: Java (`daemon`), and `processors`, which
    is everything else: the record processors, and the supervisor that started Java."""
    leaders = {pid: name for name, pid in groups}
    found: dict[str, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            head, _, rest = (folder / "stat").read_text("utf-8", "replace").rpartition(")")
        except OSError:
            continue  # it has ended
        fields = rest.split()
        name = leaders.get(int(fields[2]))
        if name is None:
            continue
        own, waited = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
        if name == "consumer":
            in_java = own if head.endswith("(java") else 0
            found["daemon"] = found.get("daemon", 0) + in_java / _TICKS
            found["processors"] = found.get("processors", 0) + (own + waited - in_java) / _TICKS
        else:
            found[name] = found.get(name, 0) + (own + waited) / _TICKS
    return found
