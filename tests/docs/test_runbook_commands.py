"""What the runbooks tell to type, in the middle of a sentence too, exists: commands with their options, settings,
statements. Pages in both languages."""

import re
import shlex
from pathlib import Path

import pytest

from analytics.duckdb_lake import Lake
from infra.environments import loader
from rastro.__main__ import COMMANDS
from tests.docs.commands import ROOT, wrong

DOCS = ROOT / "docs"
PAGES = [
    DOCS / "operations.md",
    DOCS / "pt-BR" / "operacao.md",
    DOCS / "privacy.md",
    DOCS / "tables.md",
    DOCS / "disaster-recovery.md",
    *sorted((DOCS / "contingency").glob("*.md")),
]
_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
_NEEDED = re.compile(r"the following arguments are required|needs --|one of the arguments .* is required")
_DOTS = ("…", "...")


def _typed(text: str) -> list[str]:
    """Commands in a page's sentences."""
    found = [" ".join(code.split()) for code in _CODE.findall(_FENCED.sub("", text))]
    return [code for code in found if code.split()[0] in ("rastro", "make", "aws")]


def _problem(command: str) -> str:
    """Empty, or what is wrong. A sentence may name a tool without all that it needs; what it does say must be right."""
    words = [word for word in shlex.split(command) if word != "[…]"]
    if len(words) == 1 or words == ["rastro", "<command>"]:
        return ""
    if words[-1] in _DOTS and not words[-2].startswith("--"):
        words.pop()
        is_whole = False
    else:
        is_whole = words[0] == "rastro" and any(word.startswith("--") for word in words)
    # numbers of the reader's own
    words = ["100" if before == "--rate" else word for before, word in zip(["", *words], words, strict=False)]
    problem = wrong(words)
    return "" if _NEEDED.search(problem) and not is_whole else problem


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_command_in_a_sentence_exists_with_its_options(page: Path) -> None:
    found = _typed(page.read_text(encoding="utf-8"))
    assert [f"{command}: {problem}" for command in found if (problem := _problem(command))] == []


def test_the_tools_are_all_in_the_operators_page() -> None:
    """Those that change or read data."""
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    tools = {
        "query",
        "replay",
        "recover",
        "backfill",
        "rebuild",
        "tables",
        "state",
        "reset",
        "erase",
        "access",
    }
    assert tools <= set(COMMANDS)
    assert [name for name in sorted(tools) if f"`rastro {name}" not in text] == []


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda page: str(page.relative_to(DOCS)))
def test_every_setting_exists(page: Path) -> None:
    environment = loader.read("prod")
    text = page.read_text(encoding="utf-8")
    sections = "analytics|consumer|delivery|edge|ingest|lake|monitoring|network|streams"
    named = set(re.findall(rf"`({sections})\.([a-z_]+)(?: = [^`]*)?`", text))
    assert named
    assert [
        f"{part}.{name}" for part, name in sorted(named) if not hasattr(getattr(environment, part), name)
    ] == []


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda page: str(page.relative_to(DOCS)))
def test_every_statement_in_a_sentence_runs(page: Path) -> None:
    lake = Lake()
    found = [" ".join(code.split()) for code in _CODE.findall(page.read_text(encoding="utf-8"))]
    statements = [code for code in found if code.startswith("SELECT ") and "FROM" in code]
    assert statements
    for sql in statements:
        lake.rows(sql)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("rastro nonsense --env prod", "no command"),
        ("rastro rebuild --dya 2026-11-21", "rastro rebuild"),
        ("rastro replay --since …", "rastro replay"),
        ("rastro recover refused --since … --until …", "rastro recover"),
        ("aws ecs stop-taks", "no aws ecs"),
        ("make coffee", "no target"),
    ],
)
def test_the_check_itself_finds_what_is_wrong(command: str, problem: str) -> None:
    assert problem in _problem(command)


def test_the_check_lets_a_tool_be_named() -> None:
    for command in (
        "rastro replay",
        "rastro recover rejected",
        "rastro recover deliveries --table rejected …",
    ):
        assert _problem(command) == ""
