"""Every command and every statement on the pages for bad days can be given as it stands."""

from pathlib import Path

import pytest

from analytics.duckdb_lake import Lake
from tests.docs.commands import ROOT, blocks, commands, wrong

PAGES = [
    *sorted((ROOT / "docs" / "contingency").glob("*.md")),
    *(page for page in [ROOT / "docs" / "disaster-recovery.md"] if page.exists()),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_every_command_exists_with_its_options(page: Path):
    found = [words for block in blocks(page) if block.kind == "sh" for words in commands(block.text)]
    assert found, "a page for a bad day tells what to do"
    assert [problem for words in found if (problem := wrong(words))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_every_statement_runs_on_the_contracts_tables(page: Path):
    lake = Lake()
    for block in blocks(page):
        if block.kind == "sql":
            lake.rows(block.text)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("rastro replay --since 2026-11-21", "rastro replay"),
        ("rastro nonsense", "no command"),
        ("aws kinesis make-coffee", "no aws kinesis"),
        ("aws kinesis delete-stream --strem-name x", "has no --strem-name"),
        ("aws kinesis split-shard --stream-name x", "needs --"),
        ("make coffee", "no target"),
        ("python -m infra nowhere", "no environment"),
        ("frobnicate", "nobody knows"),
    ],
)
def test_the_check_itself_finds_what_is_wrong(command: str, problem: str):
    assert problem in wrong(command.split())
