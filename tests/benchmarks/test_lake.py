"""`benchmarks lake` in small: the tables that it makes are the views over landing, and a day's question reads a day."""

import argparse
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks import lake
from benchmarks.lake_history import open_landing, open_tables

A_DAY = 1500
BOUNDED = (
    "events",
    "sessions",
    "funnel",
    "paths",
    "abandonment",
    "devices",
    "entry_exit_pages",
    "data_quality",
)
"""Views whose one-day question reads that day's files alone."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, dict[str, Any]]]:
    """The same shop after three and after nine days."""
    made = {}
    for days in (3, 9):
        folder = tmp_path_factory.mktemp(f"days{days}")
        options = argparse.Namespace(
            rows=A_DAY * days,
            days=days,
            folder=folder,
            run_before=False,
            periods="1,30,365",
            views=",".join((*BOUNDED, "retention")),
        )
        made[days] = (folder, lake.run(options))
    return made


def test_the_tables_are_the_views(runs: dict[int, tuple[Path, dict[str, Any]]]) -> None:
    folder, _ = runs[3]
    for name in ("events", "orders", "sessions"):
        names = [row[0] for row in open_landing(folder, (name,)).execute(f"DESCRIBE {name}").fetchall()]
        ask = f"SELECT {', '.join(names)} FROM {name}"
        found, wanted = (
            sorted(str(tuple(map(_plain, row))) for row in lake.execute(ask).fetchall())
            for lake in (open_tables(folder, (name,)), open_landing(folder, (name,)))
        )
        assert found == wanted, name
        assert found


def _plain(value: Any) -> Any:
    """Sums of whole numbers are as long as they need in a table, and very long in a view."""
    return float(value) if isinstance(value, Decimal | int) else value


def test_a_days_question_reads_a_day_however_long_the_history(
    runs: dict[int, tuple[Path, dict[str, Any]]],
) -> None:
    short, long = runs[3][1], runs[9][1]
    assert long["out_of_memory"] == ""
    for name in BOUNDED:
        assert long[f"{name}_before"] > 2 * short[f"{name}_before"], name
        assert long[f"{name}_1"] < 1.8 * short[f"{name}_1"], name
        assert long[f"{name}_365"] > 2 * long[f"{name}_1"], name
