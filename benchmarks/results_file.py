"""What a run leaves under `benchmarks/results/`: the figures, and on what they were seen."""

import json
import os
import platform
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
TABLE = FOLDER / "README.md"


def conditions() -> dict[str, Any]:
    """Commit (with a + when files were changed), machine, Python, load average, time."""
    return {
        "commit": _git("rev-parse", "--short=10", "HEAD")
        + ("+" if _git("status", "--porcelain", "-uno") else ""),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory_gb()} GiB, {platform.system()}",
        "python": f"{platform.python_version()} {platform.python_compiler()}, {_optimised()}",
        "load_average": [round(value, 1) for value in os.getloadavg()],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(name: str, runs: list[dict[str, Any]], before: dict[str, Any]) -> Path:
    """`before`: the conditions when the first run began; the load average at the end is added."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    seen = before | {"load_average_after": [round(value, 1) for value in os.getloadavg()]}
    path.write_text(json.dumps({"benchmark": name, **seen, "runs": runs}, indent=1) + "\n", encoding="utf-8")
    TABLE.write_text(table(), encoding="utf-8")
    return path


def read(path: Path) -> dict[str, Any]:
    """One file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def flat(figures: dict[str, Any], before: str = "") -> dict[str, float]:
    """The numbers of a run, those of inner tables under `outer.inner`."""
    found: dict[str, float] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[before + name] = float(value)
    return found


def middle(runs: list[dict[str, Any]]) -> dict[str, float]:
    """The median of each number over the runs."""
    every = [flat(run) for run in runs]
    return {
        name: sorted(run[name] for run in every if name in run)[sum(name in run for run in every) // 2]
        for name in every[0]
    }


def table() -> str:
    """One table of everything that lies in the folder."""
    lines = [
        "# Results",
        "",
        "Written by `python -m benchmarks`, the last run of each benchmark; medians where there were several runs.",
        "Conditions stand in each head: a figure seen under a load average above one a core says little by itself.",
    ]
    for path in sorted(FOLDER.glob("*.json")):
        found = read(path)
        load = ", ".join(f"{value:g}" for value in found["load_average"]) or "not kept"
        lines += [
            "",
            f"## {found['benchmark']}",
            "",
            " · ".join(
                (
                    found["commit"],
                    found["at"],
                    found["machine"],
                    f"Python {found['python']}",
                    f"load average {load}",
                    f"{len(found['runs'])} runs",
                )
            ),
            "",
            "| figure | value |",
            "| --- | ---: |",
        ]
        lines += [f"| `{name}` | {value:,.6g} |" for name, value in middle(found["runs"]).items()]
    return "\n".join([*lines, ""])


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), *words], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or ("unknown" if words[0] == "rev-parse" else "")


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gb() -> int:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            return round(int(line.split()[1]) / 1024 / 1024)
    return 0


def _lines(name: str) -> list[str]:
    try:
        return Path(name).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _optimised() -> str:
    """Debian profiles its own builds by the rules of its package, which `configure` does not show."""
    if "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS")):
        return "PGO"
    debians = sys.base_prefix == "/usr" and Path("/etc/debian_version").exists()
    return "PGO by Debian" if debians else "without PGO"
