"""The commands of docs/disaster-recovery.md, as the drill gives them to the local stack."""

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path

from rastro import __main__ as cli
from tests.docs.commands import ROOT, commands

PAGE = ROOT / "docs" / "disaster-recovery.md"


def steps(section: str) -> list[list[str]]:
    """The commands of a section of the page, those of its fenced blocks of `sh`, in their order."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{PAGE.name} has no section {section}"
    fenced = re.findall(r"^ *```sh\n(.*?)^ *```", found[1], re.MULTILINE | re.DOTALL)
    return [words for block in fenced for words in commands(block)]


def filled(words: list[str], values: Mapping[str, str]) -> list[str]:
    """The same with `$NAME` and the page's example times replaced, and with the local stack instead of `--env prod`."""
    line = "\0".join(words)
    for name, value in values.items():
        line = line.replace(name, value)
    return line.split("\0")


def rastro(words: list[str]) -> str:
    """Run one `rastro` command in this process; what it said.

    Raises:
        AssertionError: it did not end with 0.
    """
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        status = cli.main(words[1:])
    assert status == 0, f"{' '.join(words)} ended with {status}: {said.getvalue()}"
    return said.getvalue().strip()


def local(words: list[str], home: Path) -> list[str]:
    """`--env prod` becomes `--home` of the local stack."""
    if "--env" not in words:
        return words
    at = words.index("--env")
    return [*words[:at], "--home", str(home), *words[at + 2 :]]
