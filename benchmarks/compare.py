"""Two states of the code side by side: what changed beyond noise.

A and B are commits: both are run in turn, A B B A A B …, `--pairs` times each, in work trees of their own with this
environment's packages. Or two result files that were kept: then their runs are compared as they are.

A figure changed beyond noise if every pair points the same way and the median difference is larger than the largest
difference between two runs of the same code.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import results_file
from rastro.terminal.errors import Problem
from rastro.terminal.tables import table

ROOT = Path(__file__).resolve().parents[1]


class Change(NamedTuple):
    """`ratio` of the medians, B to A. `noise`: the largest ratio of two runs of one code, minus one. `beyond`: None
    when one run of each cannot tell."""

    figure: str
    a: float
    b: float
    ratio: float
    noise: float
    beyond: bool | None


def changes(a: Sequence[dict[str, float]], b: Sequence[dict[str, float]]) -> list[Change]:
    """Of every figure that both have, from runs in pairs. Pure."""
    found = []
    for name in a[0]:
        ours, theirs = [run.get(name, 0.0) for run in a], [run.get(name, 0.0) for run in b]
        if min(ours + theirs) <= 0:
            continue
        ratio = _median(theirs) / _median(ours)
        noise = max(max(ours) / min(ours), max(theirs) / min(theirs)) - 1
        pairs = list(zip(ours, theirs, strict=False))
        one_way = all(y > x for x, y in pairs) or all(y < x for x, y in pairs)
        size = max(ratio, 1 / ratio) - 1
        beyond = None if min(len(ours), len(theirs)) < 2 else one_way and size > noise
        found.append(Change(name, _median(ours), _median(theirs), ratio, noise, beyond))
    return found


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def run(a: str, b: str, name: str, pairs: int, options: Sequence[str]) -> list[Change]:
    """Compare, print, and return what there is.

    Raises:
        Problem: neither two files nor two commits, or a run failed.
    """
    if Path(a).is_file() and Path(b).is_file():
        first, second = results_file.read(Path(a)), results_file.read(Path(b))
        ours, theirs = first["runs"], second["runs"]
        print(f"A {first['commit']} {first['machine']} {first['python']}", file=sys.stderr)
        print(f"B {second['commit']} {second['machine']} {second['python']}", file=sys.stderr)
        if (first["machine"], first["python"]) != (second["machine"], second["python"]):
            print("seen on different machines or Pythons: ratios mean little", file=sys.stderr)
    else:
        ours, theirs = _in_turn(a, b, name, pairs, options)
    found = changes([results_file.flat(one) for one in ours], [results_file.flat(one) for one in theirs])
    words = {True: "CHANGED", False: "-", None: "one run: cannot tell"}
    rows = [
        {
            "figure": one.figure,
            "A": one.a,
            "B": one.b,
            "B/A": one.ratio,
            "noise": f"±{one.noise:.0%}",
            "beyond noise": words[one.beyond],
        }
        for one in found
    ]
    print(table(rows), file=sys.stderr)
    return found


def _in_turn(
    a: str, b: str, name: str, pairs: int, options: Sequence[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="rastro-compare-") as folder:
        trees = {commit: Path(folder) / side for commit, side in ((a, "a"), (b, "b"))}
        try:
            for commit, tree in trees.items():
                _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
            for number in range(pairs):
                turn = ((a, ours), (b, theirs)) if number % 2 == 0 else ((b, theirs), (a, ours))
                for commit, runs in turn:
                    runs.append(_one(trees[commit], name, options))
                    print(f"  pair {number + 1} of {pairs}: {commit}", file=sys.stderr)
        finally:
            for tree in trees.values():
                subprocess.run(
                    ["git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree)],
                    check=False,
                    capture_output=True,
                )
    return ours, theirs


def _git(*words: str) -> None:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(f"{words[-1]!r} is neither a kept result nor a commit: {done.stderr.strip()}")


def _one(tree: Path, name: str, options: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--json", "-", *options],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem(f"{name} failed in {tree}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("a", metavar="A", help="a commit, or a file of benchmarks/results/")
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument("benchmark", nargs="?", default="stages", help="of commits: which (default stages)")
    parser.add_argument("--pairs", type=int, default=5, help="of commits: runs of each (default 5)")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="after --: options of the benchmark")
