"""What to do at each alarm, in English and Portuguese, side by side in the TOML files here.

`python -m infra.stacks.monitoring.runbook` writes both into the manual: docs/operations.md and docs/pt-BR/operacao.md.

A section names in `of` the English text that its Portuguese text was made from (`digest`). Whoever changes the English
text changes the Portuguese one, then `of`.
"""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
DOCS = HERE.parents[3] / "docs"
PAGES = {"en": DOCS / "operations.md", "pt": DOCS / "pt-BR" / "operacao.md"}
FILES = ("ingest", "consumer", "delivery", "tables", "end_to_end")
"""In the order of an event's way."""

BEGIN = "<!-- the runbook: written by python -m infra.stacks.monitoring.runbook -->"
END = "<!-- end of the runbook -->"
_CODE = re.compile(r"`[^`]+`|\]\(#[^)]+\)")


class Section(NamedTuple):
    """One alarm's part. `meaning`: Portuguese for the sentence that the alarm itself has in English."""

    name: str
    en: str
    pt: str
    meaning: str
    of: str


class Group(NamedTuple):
    """Alarms of one part of an event's way."""

    title: dict[str, str]
    sections: tuple[Section, ...]


def read(folder: Path = HERE) -> tuple[Group, ...]:
    """All groups, in order."""
    return tuple(_group(folder / f"{name}.toml") for name in FILES)


def _group(path: Path) -> Group:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    title = document.pop("title")
    sections = (
        Section(name, part["en"].strip(), part["pt"].strip(), part["significa"], part["of"])
        for name, part in document.items()
    )
    return Group(title, tuple(sections))


def digest(text: str) -> str:
    """Eight letters that change when the text does; line breaks do not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:8]


def stale(section: Section) -> str | None:
    """Why the Portuguese text may say something else than the English one, or None."""
    if section.of != digest(section.en):
        return (
            f"{section.name}: the Portuguese text was made from another English text; "
            f'bring it up to date, then set of = "{digest(section.en)}"'
        )
    missing = set(_CODE.findall(section.en)) - set(_CODE.findall(section.pt + section.meaning))
    if missing:
        return f"{section.name}: the Portuguese text lacks {', '.join(sorted(missing))}"
    return None


def text(language: str) -> str:
    """The runbook in Markdown: `en` or `pt`."""
    parts = []
    for group in read():
        parts.append(f"## {group.title[language]}")
        for section in group.sections:
            body = section.en if language == "en" else f"*{section.meaning}*\n\n{section.pt}"
            parts.append(
                f"### {section.name}\n{body}" if language == "en" else f"### {section.name}\n\n{body}"
            )
    return "\n\n".join(parts)


def page(language: str, old: str) -> str:
    """The manual's page with the runbook between its marks anew.

    Raises:
        ValueError: the page has not both marks.
    """
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGES[language].name} must hold {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text(language)}\n\n{END}{after}"
