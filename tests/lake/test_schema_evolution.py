"""Files of earlier releases are read on beside today's; a new column reaches everything by one command."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analytics import VIEWS
from analytics.duckdb_lake import enriched_columns
from analytics.duckdb_tables import Tables
from analytics.tables import fill, hour_window, tables
from lake.iceberg import IcebergTables, Jobs, open_tables
from tests.analytics.flow import write_parquet
from tests.support.lake_rows import History, item
from tests.support.lake_snapshot import Snapshot

ROOT = Path(__file__).parents[2]
OLD = Path(__file__).parent / "last_release" / "enriched.parquet"
PACKAGES = (
    "analytics",
    "enrich_consumer",
    "ingest_lambda",
    "infra",
    "lake",
    "rastro",
    "reference_data",
    "schemas",
)
COMPARED = ("events", "refunds", "orders", "sessions")


def _old(folder: Path) -> Path:
    """The old file where Firehose had put it."""
    path = folder / "enriched" / "dt=2026-11-21" / "hour=21" / "old.parquet"
    path.parent.mkdir(parents=True)
    shutil.copyfile(OLD, path)
    return path


def _new(folder: Path) -> list[Path]:
    shop = History()
    shop.add("view_item", items=[item("a", 5, item_category2="mugs")], input_repairs=["ts:text"])
    return write_parquet(shop.rows, folder / "new")


def test_the_old_file_is_older_than_the_contract() -> None:
    """Or it would prove nothing: fewer columns, and fewer fields of items."""
    old = pq.read_schema(OLD)
    assert {column.name for column in enriched_columns()} - set(old.names)
    assert "item_category2" not in str(old.field("items").type)


def test_old_files_are_read_beside_new_ones(tmp_path: Path) -> None:
    lake = Snapshot([_old(tmp_path), *_new(tmp_path)])
    old = pq.read_table(OLD).to_pylist()
    rows = {row["event_id"]: row for row in lake.rows("SELECT * FROM events")}
    assert len(rows) > 100
    for row in old:
        found = rows.get(row["event_id"])
        if found is None or found["raw_sequence"] != row["raw_sequence"]:
            continue  # a copy
        for name in row.keys() - {"items", "merged_session_id", "session_id", "dt", "hour"}:
            assert found[name] == row[name], name
        assert found["input_repairs"] is None
        for was, now in zip(row["items"] or (), found["items"] or (), strict=True):
            assert {name: now[name] for name in was} == was
            assert now["item_category2"] is None
    (new,) = (row for row in rows.values() if row["input_repairs"])
    assert new["items"][0]["item_category2"] == "mugs"
    for name in VIEWS:
        lake.rows(f"SELECT * FROM {name}")
    lake.close()


def test_tables_of_old_and_new_files_are_the_views(tmp_path: Path) -> None:
    files = [_old(tmp_path), *_new(tmp_path)]
    filled = Tables(files)
    for dt in sorted({file.parent.parent.name.removeprefix("dt=") for file in files}):
        for window in filled.windows(dt):
            for statement in fill():
                filled.run(statement, window)
    views = Snapshot(files)
    for name in COMPARED:
        sql = f"SELECT {', '.join(sorted(tables()[name].columns))} FROM {name}"
        assert sorted(map(str, filled.rows(sql))) == sorted(map(str, views.rows(sql))), name


def test_local_tables_of_an_older_contract_get_its_columns_and_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dict(tables()["events"].columns)
    fewer = {name: kind for name, kind in now.items() if name != "input_repairs"}
    fewer["items"] = re.sub(r",item_category2:.*", ">>", now["items"])
    old = _old(tmp_path)
    filled = Tables([old])
    for statement in fill():
        filled.run(statement, hour_window("2026-11-21", 21))
    rows = filled.database.sql("SELECT * FROM events").to_arrow_table().select(list(fewer))
    with monkeypatch.context() as patch:
        patch.setitem(tables(), "events", tables()["events"]._replace(columns=fewer))
        IcebergTables(tmp_path / "tables").replace("events", rows, None)
    store = IcebergTables(tmp_path / "tables")
    before = open_tables(store, [], []).rows("SELECT count(*) AS n, count(input_repairs) AS r FROM events")
    assert before[0]["n"] > 50
    assert before[0]["r"] == 0
    jobs = Jobs(store, [old, *_new(tmp_path)], lambda _: None)
    jobs.night("2026-11-21")
    found = open_tables(store, [], []).rows(
        "SELECT items, input_repairs FROM events WHERE input_repairs IS NOT NULL"
    )
    assert [row["items"][0]["item_category2"] for row in found] == ["mugs"]


def test_a_new_field_of_items_alone_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = tables()["events"].columns
    older = {**now, "items": re.sub(r",item_category2:.*", ">>", now["items"])}
    with monkeypatch.context() as patch:
        patch.setitem(tables(), "events", tables()["events"]._replace(columns=older))
        assert "item_category2" not in str(IcebergTables(tmp_path).table("events").schema())
    assert "item_category2" in str(IcebergTables(tmp_path).table("events").schema())


# --- the drill ------------------------------------------------------------------------------------------------------

_LOOK = """
import json, sys
from pathlib import Path
from aws_cdk import App, Stack, aws_s3
from analytics import view
from analytics.duckdb_lake import Lake
from analytics.tables import ddl, tables
from infra.environments import loader
from infra.stacks.pipeline import glue_tables
from lake.iceberg import IcebergTables, Jobs, open_tables

home, old, new = map(Path, sys.argv[1:4])
stack = Stack(App(), "Drill")
environment = loader.read("local")
glue_tables.enriched(stack, environment, glue_tables.database(stack, environment), aws_s3.Bucket(stack, "Bucket"))
from aws_cdk.assertions import Template
made = json.dumps(Template.from_stack(stack).to_json())
store = IcebergTables(home / "tables")
jobs = Jobs(store, [old, new], lambda _: None)
jobs.night("2026-11-21")
ask = "SELECT shop_hour, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
print(json.dumps({
    "glue": '"Name": "shop_hour"' in made,
    "alter": ddl.add_columns("events", set(tables()["events"].columns) - {"shop_hour"}),
    "view": "shop_hour" in view("events").sql,
    "dictionary": "`shop_hour`" in Path("docs/data-dictionary.md").read_text(),
    "views": Lake([old, new]).rows(ask),
    "tables": open_tables(store, [], []).rows(ask),
}))
"""

_ROW = """
import json, sys
from pathlib import Path
from tests.support.lake_rows import History
from tests.analytics.flow import write_parquet
shop = History()
shop.add("page_view", shop_hour=9)
print(write_parquet(shop.rows, Path(sys.argv[1]))[0])
"""


@pytest.mark.slow
def test_a_new_column_reaches_everything_by_one_command(tmp_path: Path) -> None:
    """The cookbook's column, in a copy of the project, over a home that was filled before."""
    home = tmp_path / "home"
    old = _old(home)
    Jobs(IcebergTables(home / "tables"), [old], lambda _: None).night("2026-11-21")
    copy = tmp_path / "copy"
    parts = (*PACKAGES, "docs", "tests/support", "tests/analytics", "tests/ingest_lambda")
    for part in parts:
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("tests/__init__.py", "pyproject.toml"):
        shutil.copyfile(ROOT / name, copy / name)
    page = (ROOT / "docs" / "cookbook" / "add-an-enrichment.md").read_text(encoding="utf-8")
    module = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert module is not None
    enrichments = copy / "enrich_consumer" / "core" / "enrichments"
    (enrichments / "shop_hour.py").write_text(module[1], encoding="utf-8")
    listed = (enrichments / "__init__.py").read_text(encoding="utf-8")
    listed = listed.replace("    privacy.ENRICHMENT,", "    shop_hour.ENRICHMENT,\n    privacy.ENRICHMENT,")
    begin = "from enrich_consumer.core.enrichments import ("
    listed = listed.replace(begin, f"{begin}\n    shop_hour,")
    (enrichments / "__init__.py").write_text(listed, encoding="utf-8")

    def python(*args: str) -> str:
        done = subprocess.run(
            [sys.executable, *args],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
            env=_environment(copy),
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    python("-m", "enrich_consumer", "columns")  # the one command
    new = python("-c", _ROW, str(tmp_path / "new")).split()[-1]
    found: dict[str, Any] = json.loads(python("-c", _LOOK, str(home), str(old), new).splitlines()[-1])
    assert found["glue"]
    assert found["view"]
    assert found["dictionary"]
    assert found["alter"] == "ALTER TABLE events ADD COLUMNS (shop_hour int)"
    assert found["views"] == found["tables"]
    assert {row["shop_hour"] for row in found["tables"]} == {None, 9}
    assert sum(row["n"] for row in found["tables"]) > 100


def _environment(copy: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
