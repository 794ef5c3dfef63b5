"""Tables after any order, repetition and kill of the jobs are the views over all rows."""

import json
import os
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from analytics.athena_dialect import violations
from analytics.duckdb_lake import Lake
from analytics.duckdb_tables import Tables
from analytics.tables import (
    WINDOWS_OF_DAY,
    Statement,
    Window,
    far_copies,
    fill,
    hour_window,
    late_refunds,
    refreshed,
    tables,
)
from tests.analytics.flow import write_parquet
from tests.lake.histories import draw
from tests.support.lake_snapshot import Snapshot

COMPARED = ("events", "refunds", "orders", "sessions", "retention", "baskets")
SEEDS = range(300) if os.environ.get("RASTRO_SOAK") else (8, 10, 20)
"""8: no order is refunded; 10: the last night brings in a copy, days from its original; 20: copies
two days apart stand in the days of one window."""
SPARSE = frozenset({"refunds", "baskets"})
"""Tables for which many a small history has no row."""
EVERY = (*fill(), *far_copies(), *late_refunds(), *refreshed())


@pytest.mark.parametrize("statement", EVERY, ids=[statement.name for statement in EVERY])
def test_athena_refuses_no_statement(statement: Statement) -> None:
    assert violations(statement.of(hour_window("2026-11-21", 12)), iceberg=set(tables())) == []
    assert statement.table in tables()


def test_athena_refuses_not_the_question_for_windows() -> None:
    assert violations(WINDOWS_OF_DAY.replace(":dt", "2026-11-21")) == []


def test_a_table_has_the_columns_of_its_view() -> None:
    lake = Lake()
    for name in COMPARED:
        found = {row[0] for row in lake.database.execute(f"DESCRIBE {name}").fetchall()}
        assert found == set(tables()[name].columns), name


def _rows(lake: Lake, name: str) -> Counter[str]:
    columns = sorted(tables()[name].columns)
    found = lake.rows(f"SELECT {', '.join(columns)} FROM {name}")
    return Counter(json.dumps([_plain(row[column]) for column in columns], default=str) for row in found)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return f"{float(value):.9g}" if type(value).__name__ in {"Decimal", "float"} else value


def _as_an_older_version(files: list[Path]) -> None:
    """The files as a release wrote them that had fewer columns, and one that no release has any more."""
    for file in files:
        with duckdb.connect() as database:
            database.execute(
                f"CREATE TABLE rows AS SELECT * EXCLUDE (input_repairs, click_network, tax), 1 AS old_column"
                f" FROM read_parquet('{file}', hive_partitioning = false)"
            )
            database.execute(f"COPY rows TO '{file}' (FORMAT parquet)")


def _run(into: Tables, window: Window, rng: Random, *, whole: bool) -> None:
    """The statements of a window; killed after any of them unless it is to come to its end."""
    statements = fill()
    for statement in statements if whole else statements[: rng.randrange(len(statements) + 1)]:
        into.run(statement, window)


def _night(into: Tables, dt: str, rng: Random, *, whole: bool) -> None:
    window = hour_window(dt, 0)
    for statement in far_copies():
        if not whole and rng.random() < 0.2:
            return
        into.run(statement, window)
    for day in into.windows(dt):
        _run(into, day, rng, whole=whole)
    for statement in (*late_refunds(), *refreshed()):
        into.run(statement, window)


@pytest.mark.parametrize("seed", SEEDS)
def test_tables_are_the_views_whatever_happens_to_the_jobs(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    history = draw(rng)
    files = write_parquet([{k: v for k, v in row.items() if k != "arrived"} for row in history], tmp_path)
    _as_an_older_version(files[:: 2 + seed % 2])
    views = Snapshot(files)
    filled = Tables(files)
    hours = filled.rows("SELECT DISTINCT dt, hour / 8 AS part FROM enriched ORDER BY 1, 2")
    windows = [
        hour_window(hour["dt"], 0)._replace(first_hour=hour["part"] * 8, last_hour=hour["part"] * 8 + 7)
        for hour in hours
    ]
    runs = [(window, True) for window in windows] + [(window, False) for window in rng.sample(windows, 4)]
    rng.shuffle(runs)
    for window, whole in runs:
        _run(filled, window, rng, whole=whole)
    days = sorted({window.dt for window in windows})
    nights = [(dt, True) for dt in days] + [(dt, False) for dt in rng.sample(days, 2)]
    rng.shuffle(nights)
    for dt, whole in nights:
        _night(filled, dt, rng, whole=whole)
    # what a night brought in after its own look for far copies, the next look finds
    _night(filled, rng.choice(days), rng, whole=True)
    for window in rng.sample(windows, 2):
        _run(filled, window, rng, whole=True)
    for name in COMPARED:
        wanted, found = _rows(views, name), _rows(filled, name)
        assert wanted or name in SPARSE, name
        assert (sorted((wanted - found).elements())[:2], sorted((found - wanted).elements())[:2]) == (
            [],
            [],
        ), name
