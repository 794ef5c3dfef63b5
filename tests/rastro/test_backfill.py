"""History straight into the lake: its own times, the same core, and nothing of the running pipeline touched."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from analytics.duckdb_lake import Lake
from analytics.duckdb_tables import Tables
from analytics.tables import fill, tables
from infra.deploy.target import Target
from rastro.__main__ import main
from rastro.commands import backfill
from rastro.repair import history
from tests.rastro.deployed import BUCKET, Deployed
from tests.support.raw_records import raw_record

DAY = 86_400_000
START = 1_767_225_600_000  # 2026-01-01T00:00Z


def _record(rng: Random, number: int, at: int) -> dict[str, Any]:
    event: dict[str, Any] = {
        "event_id": f"{number:08x}-0000-4000-8000-000000000000",
        "event": rng.choice(("page_view", "view_item", "purchase")),
        "ts": at,
    }
    if event["event"] == "purchase":
        event["ecommerce"] = {"transaction_id": f"P-{number}", "value": 19.9, "currency": "BRL"}
    visitor = f"v{rng.randrange(6)}"
    arrived = at + rng.randrange(DAY // 2)
    return raw_record(event, visitor_id=visitor, received_at=arrived, sent_at=None, trusted_server=True)


def _put(dev: Deployed, records: list[dict[str, Any]], name: str) -> None:
    data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    dev.put(f"imports/dt=2026-11-21/{name}.json.gz", gzip.compress(data))


@pytest.fixture
def records() -> list[dict[str, Any]]:
    rng = Random(5)
    return [_record(rng, n, START + rng.randrange(DAY // 8, 2 * DAY)) for n in range(120)]


def _run(home: Path, *more: str) -> int:
    return main(["backfill", "--imports", "--env", "dev", "--home", str(home), *more])


def test_an_import_is_in_the_landing_table_with_its_own_times(
    dev: Deployed, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    dev.put("state/rastro-dev-consumer/shard/log/000000000000", b"untouched")
    _put(dev, records, "one")
    assert _run(tmp_path, "--dry-run") == 0
    assert dev.keys("enriched/") == []
    assert _run(tmp_path, "--no-tables") == 0
    files = dev.fetched("enriched/", tmp_path)
    rows = Lake(files).rows(
        "SELECT event_id, event_at, event_date, is_late, is_time_suspect, dt, session_id FROM enriched"
    )
    by_id = {row["event_id"]: row for row in rows}
    assert len(by_id) == len(rows) == len(records)
    for record in records:
        (event,) = record["events"]
        row = by_id[event["event_id"]]
        at = datetime.fromtimestamp(event["ts"] / 1000, UTC)
        assert row["event_at"] == at.replace(tzinfo=None)
        assert row["dt"] == f"{at:%Y-%m-%d}"
        assert not row["is_late"]
        assert not row["is_time_suspect"]
    assert dev.keys("state") == ["state/rastro-dev-consumer/shard/log/000000000000"]
    assert dev.records("rastro-dev-raw") == dev.records("rastro-dev-enriched") == []
    assert len(dev.keys("imports/")) == 1
    assert [line["tool"] for line in dev.audited()] == ["backfill", "backfill"]


def test_the_same_again_changes_nothing_and_a_killed_run_is_finished(
    dev: Deployed, records: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(dev, records, "one")
    with monkeypatch.context() as patch:  # killed before it could note what it wrote
        patch.setattr(backfill, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert _run(tmp_path, "--no-tables") == 130
    first = {key: dev.get(key) for key in dev.keys("enriched/")}
    assert _run(tmp_path, "--no-tables") == 0
    assert {key: dev.get(key) for key in dev.keys("enriched/")} == first
    assert _run(tmp_path, "--no-tables") == 0
    assert {key: dev.get(key) for key in dev.keys("enriched/")} == first


class _Steps:
    """Step Functions, as far as a window is concerned: it takes note, and fails the windows of one day."""

    def __init__(self) -> None:
        self.windows: list[dict[str, Any]] = []
        self.fails: str | None = None

    def start_execution(self, *, stateMachineArn: str, input: str) -> dict[str, str]:  # noqa: A002, N803 - boto3's own names
        assert stateMachineArn == "arn:aws:states:sa-east-1:123456789012:stateMachine:rastro-dev-window"
        self.windows.append(json.loads(input))
        return {"executionArn": self.windows[-1]["dt"]}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803 - boto3's own names
        return {"status": "FAILED" if executionArn == self.fails else "SUCCEEDED"}


@pytest.fixture
def steps(dev: Deployed, monkeypatch: pytest.MonkeyPatch) -> _Steps:
    made = _Steps()
    real = Target.client
    monkeypatch.setattr(
        Target, "client", lambda self, name: made if name == "stepfunctions" else real(self, name)
    )
    return made


def test_the_windows_of_its_days_are_filled_and_resumed(
    dev: Deployed, records: list[dict[str, Any]], steps: _Steps, tmp_path: Path, capsys: Any
) -> None:
    _put(dev, records, "one")
    steps.fails = "2026-01-02"
    assert _run(tmp_path) == 2
    assert "rastro: window_failed: the window of 2026-01-02 ended as FAILED" in capsys.readouterr().err
    steps.fails = None
    written = dev.keys("enriched/")
    assert _run(tmp_path) == 0
    assert dev.keys("enriched/") == written
    days = ["2026-01-01", "2026-01-02"]
    assert [window["dt"] for window in steps.windows] == [*days, *days]
    assert steps.windows[0] == {
        "dt": "2026-01-01", "first_hour": 0, "last_hour": 23, "since": "2025-12-31", "until": "2026-01-02",
    }  # fmt: skip
    steps.windows.clear()
    assert _run(tmp_path) == 0
    assert steps.windows == []
    (note,) = [json.loads(dev.get(key)) for key in dev.keys("backfills/")]
    assert note["filled"]


def test_rebuild_on_aws_fills_a_window_for_each_day_of_arrival(
    dev: Deployed, steps: _Steps, tmp_path: Path
) -> None:
    ask = ["rebuild", "--day", "2026-11-21", "--env", "dev", "--home", str(tmp_path)]
    assert main([*ask, "--dry-run"]) == 0
    assert steps.windows == []
    assert main(ask) == 0
    assert [window["dt"] for window in steps.windows] == [f"2026-11-{day}" for day in range(20, 30)]
    assert {(window["since"], window["until"]) for window in steps.windows} == {("2026-11-21", "2026-11-21")}


def test_tables_after_backfills_are_the_views(
    dev: Deployed, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Two imports that overlap, the later one taken anew with all: its sessions count, and the tables follow."""
    _put(dev, records[:70], "one")
    filled = Tables()
    taken_in: set[Path] = set()
    for more in ([], ["--again"]):
        assert _run(tmp_path, "--no-tables", *more) == 0
        files = set(dev.fetched("enriched/", tmp_path))
        filled.add("enriched", sorted(files - taken_in))
        taken_in |= files
        for day in (1, 2):
            for statement in fill():
                filled.run(statement, backfill._window(f"2026-01-0{day}", 1))
        _put(dev, records[50:], "two")
    views = Lake(sorted(taken_in))
    for name in ("events", "orders", "sessions"):
        columns = ", ".join(sorted(tables()[name].columns))
        found, wanted = (
            sorted(map(str, lake.rows(f"SELECT {columns} FROM {name}"))) for lake in (filled, views)
        )
        assert found == wanted, name
    assert filled.rows("SELECT count(*) AS n FROM events")[0]["n"] == len(records)
    alone = tmp_path / "alone"
    _record_file(records, alone)
    ask = "SELECT DISTINCT session_id FROM sessions ORDER BY 1"
    assert filled.rows(ask) == Lake(_landing_of(alone, dev, tmp_path)).rows(ask)


def _record_file(records: list[dict[str, Any]], path: Path) -> None:
    path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in records))


def _landing_of(file: Path, dev: Deployed, folder: Path) -> list[Path]:
    """What a backfill of this file alone writes."""
    for key in dev.keys("enriched/"):
        dev.s3.delete_object(Bucket=BUCKET, Key=key)
    home = folder / "of-file"
    ask = ["backfill", "--file", str(file), "--own-times", "--no-tables", "--env", "dev", "--home", str(home)]
    assert main(ask) == 0
    return dev.fetched("enriched/", home)


def test_rows_of_the_stream_count_before_backfilled_copies() -> None:
    record = {"received_at": START}
    stream = int("49" + "9" * 54)
    first, second = (history.sequence(record, b"x", generation) for generation in (0, 1))
    assert stream < second < first
    assert len(str(first)) == 56


def test_the_raw_archive_is_backfilled_by_time_of_receipt(
    dev: Deployed, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    dev.put("raw/dt=2026-01-02/hour=05/a.gz", gzip.compress(data))
    ask = ["backfill", "--raw", "--env", "dev", "--home", str(tmp_path), "--no-tables"]
    ask += ["--since", "2026-01-02T05:00", "--until", "2026-01-02T09:00"]
    assert main(ask) == 0
    wanted = {
        record["events"][0]["event_id"]
        for record in records
        if START + DAY + 5 * DAY // 24 <= record["received_at"] < START + DAY + 9 * DAY // 24
    }
    assert wanted
    assert {
        row["event_id"]
        for row in Lake(dev.fetched("enriched/", tmp_path)).rows("SELECT event_id FROM enriched")
    } == wanted


def test_refused_records_are_kept_and_reported(
    dev: Deployed, records: list[dict[str, Any]], tmp_path: Path, capsys: Any
) -> None:
    _put(dev, [records[0], records[1] | {"site": "nowhere"}], "one")
    assert _run(tmp_path, "--no-tables") == 1
    (path,) = tmp_path.rglob("refused.jsonl")
    assert json.loads(path.read_text())["reason"] == "unknown_site"
    assert str(path) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--raw"], "empty_span: --raw needs --since and --until"),
        (["--file", "/nowhere"], "no_such_file: no such file: /nowhere"),
        (["--raw", "--since", "noon", "--until", "2026-01-01"], "no_time: 'noon' is no time"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    more: list[str], message: str, dev: Deployed, tmp_path: Path, capsys: Any
) -> None:
    assert main(["backfill", "--env", "dev", "--home", str(tmp_path), *more]) == 2
    assert f"rastro: {message}" in capsys.readouterr().err


def test_a_line_that_is_no_record_names_its_place(dev: Deployed, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"site": "loja"}\n')
    assert main(["backfill", "--file", str(path), "--env", "dev", "--home", str(tmp_path)]) == 2
    assert f"invalid_record: {path}: line 1" in capsys.readouterr().err


def test_the_archive_may_hold_lines_that_are_no_records(
    dev: Deployed, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    at = datetime.fromtimestamp(records[0]["received_at"] / 1000, UTC)
    lines = b"this is none\n[1, 2]\n" + json.dumps(records[0]).encode() + b"\n"
    dev.put(f"raw/dt={at:%Y-%m-%d}/hour={at:%H}/a.gz", gzip.compress(lines))
    span = ["--since", f"{at:%Y-%m-%d}", "--until", f"{at + timedelta(days=1):%Y-%m-%d}"]
    ask = ["backfill", "--raw", *span, "--env", "dev", "--home", str(tmp_path), "--no-tables"]
    assert main([*ask, "--dry-run"]) == 0
    assert main(ask) == 0
    assert dev.audited()[-1]["summary"]["records"] == 1
