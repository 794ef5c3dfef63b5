"""CPU-seconds of the processes of a local stack, from /proc: user and system, with ended children."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def seconds(groups: tuple[tuple[str, int], ...]) -> dict[str, float]:
    """By the group's name; nothing where there is no /proc. A consumer counts in parts: Java (`daemon`), its children
    (`processors`)."""
    names = dict(groups)
    leaders = {pid: name for name, pid in names.items()}
    found: dict[str, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        name = leaders.get(int(fields[2]))
        if name is None:
            continue
        own, waited = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
        is_leader = int(folder.name) == names[name]
        if name == "consumer":
            found["daemon"] = found.get("daemon", 0) + (own if is_leader else 0) / _TICKS
            found["processors"] = (
                found.get("processors", 0) + (waited if is_leader else own + waited) / _TICKS
            )
        else:
            found[name] = found.get(name, 0) + (own + waited) / _TICKS
    return found
