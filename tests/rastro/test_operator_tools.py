"""The operator's tools on this machine: what they say before, do, and leave in the audit file."""

import argparse
import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from analytics.athena_dialect import violations
from analytics.tables import tables
from lake.iceberg import IcebergTables
from rastro.__main__ import main
from rastro.commands import replay, separate
from rastro.repair.pipeline import Pipeline
from tests.analytics.flow import write_parquet
from tests.lake.histories import draw
from tests.support.raw_records import raw_record


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landing files of a small history, and no tables yet."""
    folder = tmp_path_factory.mktemp("home")
    rows = [{k: v for k, v in row.items() if k != "arrived"} for row in draw(Random(7), clusters=3)]
    write_parquet(rows, folder / "lake")
    return folder


def _audited(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "audit.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.slow
def test_rebuild_fills_the_tables_once_and_query_reads_them(home: Path, capsys: Any) -> None:
    ask = ["query", "SELECT count(*) AS sessions FROM sessions", "--home", str(home), "--json"]
    assert main(ask) == 2
    assert "no tables under" in capsys.readouterr().err
    assert main(["rebuild", "--all", "--home", str(home), "--dry-run"]) == 0
    assert not (home / "tables").exists()
    assert main(["rebuild", "--all", "--home", str(home)]) == 0
    before = IcebergTables(home / "tables").table("events").current_snapshot()
    day = str(next(iter((home / "lake").rglob("dt=*"))).name.removeprefix("dt="))
    assert main(["rebuild", "--day", day, "--home", str(home)]) == 0
    assert _audited(home)[-1]["summary"]["changes"] == 0  # all was right already
    assert IcebergTables(home / "tables").table("events").current_snapshot() == before
    capsys.readouterr()
    assert main(ask) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["sessions"] > 0
    assert "reads at most" in printed.err
    assert _audited(home)[-1]["tool"] == "query"
    assert main([*ask[:2], "--home", str(home), "--dry-run"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("DELETE FROM events", "Athena would refuse it"),
        ("SELECT 1; SELECT 2", "Athena would refuse it"),
        ("CREATE TABLE a AS SELECT 1 AS b", "only a SELECT"),
        ("SELECT nothing FROM sessions", "nothing"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_line(sql: str, message: str, home: Path, capsys: Any) -> None:
    IcebergTables(home / "tables")
    assert main(["query", sql, "--home", str(home)]) == 2
    error = capsys.readouterr().err
    assert message in error.splitlines()[-1]


class _Archive:
    """S3 with an archive of raw records, and a stream that refuses every third record once."""

    def __init__(self, hours: dict[str, list[dict[str, Any]]]) -> None:
        self.objects = {
            f"raw/{prefix}/one.gz": gzip.compress(b"".join(json.dumps(r).encode() + b"\n" for r in records))
            for prefix, records in hours.items()
        }
        self.put: list[dict[str, Any]] = []
        self.refused: set[bytes] = set()

    def get_paginator(self, _: str) -> "_Archive":
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's names
        found = [key for key in self.objects if key.startswith(Prefix)]
        return [{"Contents": [{"Key": key, "Size": 1} for key in found]}]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's own names
        from io import BytesIO

        return {"Body": BytesIO(self.objects[Key])}

    def put_object(self, **_: Any) -> None:
        """The audit line."""

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's own names
        answers: list[dict[str, Any]] = []
        for number, record in enumerate(Records):
            if number % 3 == 2 and record["Data"] not in self.refused:
                self.refused.add(record["Data"])
                answers.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.put.append(record)
                answers.append({"SequenceNumber": "1"})
        return {"FailedRecordCount": sum("ErrorCode" in a for a in answers), "Records": answers}


def test_replay_puts_what_was_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = 1_795_262_400_000  # 2026-11-21T12:00Z
    records = [
        raw_record(site=site, visitor_id=f"v{i}", received_at=noon + i * 60_000)
        for i, site in enumerate(("loja", "loja", "outlet", "loja", "loja", "loja"))
    ]
    archive = _Archive({"dt=2026-11-21/hour=12": records[:3], "dt=2026-11-21/hour=13": records[3:]})
    pipeline = Pipeline("local", lambda _: archive, "", "", "", "bucket", "raw", "", {}, "", "", "", "TEXT")
    monkeypatch.setattr(replay, "open_pipeline", lambda *_: pipeline)
    options = ["replay", "--since", "2026-11-21T12:00", "--until", "2026-11-21T12:05", "--rate", "0"]
    options += ["--site", "loja", "--home", str(tmp_path)]
    assert main([*options, "--dry-run"]) == 0
    assert archive.put == []
    assert main(options) == 0
    put = [(record["PartitionKey"], json.loads(record["Data"])["visitor_id"]) for record in archive.put]
    assert sorted(put) == [(f"loja/v{i}", f"v{i}") for i in (0, 1, 3, 4)]
    assert main(options) == 0  # what was put is not put again
    assert len(archive.put) == 4
    assert main([*options, "--again"]) == 0
    assert len(archive.put) == 8
    assert [line["summary"]["put"] for line in _audited(tmp_path)] == [0, 4, 0, 4]


def test_replay_says_what_is_wrong_with_a_time(tmp_path: Path, capsys: Any) -> None:
    assert main(["replay", "--since", "noon", "--until", "2026-11-21", "--home", str(tmp_path)]) == 2
    assert "'noon' is no time" in capsys.readouterr().err


def test_separate_is_written_once_and_taken_back(tmp_path: Path, capsys: Any) -> None:
    pair = ["separate", "--site", "loja", "--visitor", "v1", "--user", "d'Ana", "--home", str(tmp_path)]
    assert main(pair) == 2
    assert "no tables under" in capsys.readouterr().err
    table = IcebergTables(tmp_path / "tables").table("separations")
    assert main([*pair, "--dry-run"]) == 0
    assert main([*pair, "--reason", "a test"]) == 0
    assert main(pair) == 0
    (row,) = table.refresh().scan().to_arrow().to_pylist()
    assert (row["visitor_id"], row["user_id"], row["reason"]) == ("v1", "d'Ana", "a test")
    assert main([*pair, "--undo"]) == 0
    assert table.refresh().scan().to_arrow().num_rows == 0
    done = [line["summary"]["done"] for line in _audited(tmp_path)]
    assert done == ["nothing written", "written", "they were apart already", "taken back"]


@pytest.mark.parametrize("undo", [[], ["--undo"]])
def test_athena_takes_what_separate_writes(undo: list[str]) -> None:
    parser = argparse.ArgumentParser()
    separate.arguments(parser)
    args = parser.parse_args(["--site", "loja", "--visitor", "v'1", "--user", "u;1", *undo])
    assert violations(separate.statement(args), iceberg=set(tables())) == []
