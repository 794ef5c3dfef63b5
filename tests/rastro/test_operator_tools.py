"""The operator's tools on this machine: what they say before, do, and leave in the audit file."""

import argparse
import gzip
import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from analytics.athena_dialect import violations
from analytics.tables import tables
from lake.iceberg import IcebergTables
from rastro.__main__ import main
from rastro.commands import replay, separate
from rastro.local import info
from rastro.local.info import LocalStackInfo
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
    assert "would rebuild: " in capsys.readouterr().err
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
        ("", "no question"),
        ("DELETE FROM events", "only a SELECT"),
        ("selec 1", "Athena would refuse it"),
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
    assert main(["query", sql, "--home", str(home), "--dry-run"]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_an_answer_without_rows_has_a_head_line(home: Path, capsys: Any) -> None:
    IcebergTables(home / "tables")
    ask = ["query", "SELECT event_id, 1 AS one FROM events WHERE false", "--home", str(home), "--csv"]
    assert main(ask) == 0
    assert capsys.readouterr().out.split() == ["event_id,one"]
    with pytest.raises(SystemExit):
        main([*ask, "--limit", "-1"])
    assert "older than the running stack" not in capsys.readouterr().err
    later = (home / "tables" / "catalog.db").stat().st_mtime + 1
    (home / "local.json").touch()
    os.utime(home / "local.json", (later, later))
    assert main(ask) == 0
    assert "older than the running stack; rastro tables fills them" in capsys.readouterr().err


class _Archive:
    """S3 with an archive of raw records, and a stream that refuses every third record once."""

    def __init__(self, hours: dict[str, list[dict[str, Any]]]) -> None:
        self.objects = {
            f"raw/{prefix}/one.gz": gzip.compress(b"".join(json.dumps(r).encode() + b"\n" for r in records))
            for prefix, records in hours.items()
        }
        self.put: list[dict[str, Any]] = []
        self.listings = 0
        self.refused: set[bytes] = set()

    def get_paginator(self, _: str) -> "_Archive":
        return self

    def paginate(self, *, Bucket: str, Prefix: str, Delimiter: str = "") -> list[dict[str, Any]]:  # noqa: N803 - boto3's names
        self.listings += 1
        found = [key for key in self.objects if key.startswith(Prefix)]
        if Delimiter:
            folders = {Prefix + key.removeprefix(Prefix).partition(Delimiter)[0] + Delimiter for key in found}
            return [{"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}]
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
    monkeypatch.setattr(replay, "check_site", lambda *_: None)
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


NOON = 1_795_262_400_000
"""2026-11-21T12:00Z"""


def _replayed(archive: _Archive, home: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    pipeline = Pipeline("local", lambda _: archive, "", "", "", "bucket", "raw", "", {}, "", "", "", "TEXT")
    monkeypatch.setattr(replay, "open_pipeline", lambda *_: pipeline)
    return main(["replay", *options, "--rate", "0", "--home", str(home)])


def test_replay_passes_over_lines_that_are_no_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    good = raw_record(site="loja", visitor_id="v", received_at=NOON)
    archive = _Archive({"dt=2026-11-21/hour=12": []})
    lines = [
        b"this is no record",
        b"[1, 2]",
        b'{"site": "loja", "received_at": 1, "events": []}',
        json.dumps(good).encode(),
    ]
    archive.objects["raw/dt=2026-11-21/hour=12/one.gz"] = gzip.compress(b"\n".join(lines))
    span = ["--since", "2026-11-21T12:00", "--until", "2026-11-21T13:00"]
    assert _replayed(archive, tmp_path, monkeypatch, *span) == 0
    assert [json.loads(record["Data"]) for record in archive.put] == [good]
    assert (
        "3 lines of s3://bucket/raw/dt=2026-11-21/hour=12/one.gz are no raw records"
        in capsys.readouterr().err
    )
    assert _audited(tmp_path)[-1]["summary"]["unreadable"] == 3


def test_a_stopped_replay_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    hours = {
        f"dt=2026-11-21/hour={hour}": [
            raw_record(site="loja", visitor_id=f"{hour}-{n}", received_at=NOON + (hour - 12) * 3_600_000 + n)
            for n in range(400)
        ]
        for hour in (12, 13, 14)
    }
    archive = _Archive(hours)
    puts = archive.put_records

    def stopped(**options: Any) -> dict[str, Any]:
        if len(archive.put) >= 800:
            raise KeyboardInterrupt
        return puts(**options)

    monkeypatch.setattr(archive, "put_records", stopped)
    span = ["--since", "2026-11-21T12:00", "--until", "2026-11-21T15:00"]
    assert _replayed(archive, tmp_path, monkeypatch, *span) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert _audited(tmp_path)[-1]["summary"] == {"stopped": True}
    monkeypatch.setattr(archive, "put_records", puts)
    assert _replayed(archive, tmp_path, monkeypatch, *span) == 0
    assert (
        _audited(tmp_path)[-1]["summary"] | {"put": 400, "objects done before": 2}
        == _audited(tmp_path)[-1]["summary"]
    )
    assert (
        len({json.loads(record["Data"])["visitor_id"] for record in archive.put}) == len(archive.put) == 1200
    )


def test_a_span_of_centuries_is_read_by_the_days_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = _Archive({"dt=2026-11-21/hour=12": [raw_record(visitor_id="v", received_at=NOON)]})
    span = ["--since", "0001-01-01", "--until", "9999-12-31"]
    assert _replayed(archive, tmp_path, monkeypatch, *span) == 0
    assert len(archive.put) == 1
    assert archive.listings < 5


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("2026-11-21T09:00-03:00", "2026-11-21T12:01", 1),
        ("2026-11-22T00:30+13:00", "2026-11-21T12:01", 1),
        ("2026-11-20T23:00", "2026-11-21T01:00", 0),
    ],
)
def test_replay_takes_times_of_other_zones(
    since: str, until: str, found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = _Archive({"dt=2026-11-21/hour=12": [raw_record(visitor_id="v", received_at=NOON)]})
    assert _replayed(archive, tmp_path, monkeypatch, "--since", since, "--until", until) == 0
    assert len(archive.put) == found


def test_a_rate_below_nothing_is_refused(capsys: Any) -> None:
    for text in ("-5", "nan", "fast"):
        with pytest.raises(SystemExit):
            main(["replay", "--since", "2026-11-21", "--until", "2026-11-22", f"--rate={text}"])
        assert "is no rate" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    "words",
    [
        ["state"],
        ["replay", "--since", "2026-11-21", "--until", "2026-11-22"],
        ["reset", "--all", "--to", "state"],
        ["erase", "--visitor", "0192f7a0-1111", "--dry-run"],
    ],
)
def test_a_stack_that_does_not_answer_is_one_line(words: list[str], tmp_path: Path, capsys: Any) -> None:
    assert main([*words, "--home", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.startswith(("rastro: no_stack: ", "rastro: no_home: "))
    text = dict.fromkeys(LocalStackInfo._fields, "x")
    facts: dict[str, Any] = text | {"aws_endpoint": "http://127.0.0.1:9", "processes": {}}
    info.write(LocalStackInfo(**facts), tmp_path)
    assert main([*words, "--home", str(tmp_path)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("rastro: not_reachable: ")
    assert "rastro doctor" in line


def test_a_command_that_is_stopped_while_it_is_imported_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def stopped(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rastro.__main__.importlib.import_module", stopped)
    assert main(["state"]) == 130
    assert capsys.readouterr() == ("", "")
