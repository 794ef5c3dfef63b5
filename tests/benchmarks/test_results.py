"""Results are kept with what they were seen on; a comparison tells a change from noise."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import compare, results_file


def test_a_change_is_one_that_every_pair_shows_and_noise_does_not_explain() -> None:
    a = [{"slow": 10.0, "noisy": 10.0, "same": 5.0}, {"slow": 10.2, "noisy": 14.0, "same": 5.1}]
    b = [{"slow": 12.0, "noisy": 11.0, "same": 5.0}, {"slow": 12.1, "noisy": 15.0, "same": 5.2}]
    found = {one.figure: one for one in compare.changes(a, b)}
    assert found["slow"].beyond is True
    assert found["slow"].ratio == pytest.approx(12.1 / 10.2)
    assert found["noisy"].beyond is False  # every pair is higher, by less than two runs of A differ
    assert found["same"].beyond is False
    assert {one.beyond for one in compare.changes(a[:1], b[:1])} == {None}


def test_what_is_kept_can_be_compared(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(results_file, "FOLDER", tmp_path)
    monkeypatch.setattr(results_file, "TABLE", tmp_path / "README.md")
    before = results_file.conditions()
    assert re.fullmatch(r"[0-9a-f]{10}\+?|unknown", before["commit"])
    a = results_file.write("one", [{"x": 1.0, "inner": {"y": 2, "word": "no number"}}] * 2, before)
    b = results_file.write("two", [{"x": 1.5, "inner": {"y": 2}}] * 2, before)
    found = {one.figure: one.beyond for one in compare.run(str(a), str(b), "", 1, ())}
    assert found == {"x": True, "inner.y": False}
    assert "CHANGED" in capsys.readouterr().err
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "## one" in text
    assert "| `inner.y` | 2 |" in text


def test_neither_file_nor_commit_is_named() -> None:
    with pytest.raises(compare.Problem, match="'no-such-commit' is neither a kept result nor a commit"):
        compare.run("no-such-commit", "HEAD", "stages", 1, ())


def test_the_table_of_the_repository_is_that_of_its_files() -> None:
    assert results_file.TABLE.read_text(encoding="utf-8") == results_file.table()
    for path in results_file.FOLDER.glob("*.json"):
        assert {"benchmark", "commit", "machine", "python", "load_average", "runs"} <= json.loads(
            path.read_text()
        ).keys()
