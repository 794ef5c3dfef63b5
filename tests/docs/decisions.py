"""The index of decisions, from their own headings: `python -m tests.docs.decisions` writes docs/decisions/README.md."""

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
INDEX = FOLDER / "README.md"
_HEAD = re.compile(
    r"# (?P<number>\d{4}) · (?P<title>.+)\n\n"
    r"Status: (?P<status>[^·\n]+) · (?P<date>\d{4}-\d\d-\d\d) · look again when (?P<again>.+)\n"
)
_AREAS = {
    "000x": "runtime",
    "001x": "enrichments",
    "002x": "ingest",
    "003x": "infrastructure",
    "004x": "load, analytics and speed",
    "005x and on": "in the order in which they were made",
}
_TOP = """# Decisions

Each page names the question, what was measured or read, what was decided, what it costs, and when to look again. A
decision is never rewritten: a later one supersedes it and says so in its status. Numbers go by area and leave gaps on
purpose: {areas}.

| number | decision | status | date | look again when |
| --- | --- | --- | --- | --- |
"""


class Decision(NamedTuple):
    """The heading of one page. `date`: ISO 8601. `again`: the condition under which the decision is to be reviewed."""

    file: str
    number: str
    title: str
    status: str
    date: str
    again: str


def read(path: Path) -> Decision:
    """The heading of a page.

    Raises:
        ValueError: the page does not begin with its number, title and status.
    """
    found = _HEAD.match(path.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(
            f"{path.name} must begin: # NNNN · Title, an empty line, "
            "Status: accepted · YYYY-MM-DD · look again when CONDITION"
        )
    return Decision(path.name, *found.group("number", "title", "status", "date", "again"))


def index() -> str:
    """The whole page of the index."""
    areas = "; ".join(f"{numbers} {what}" for numbers, what in _AREAS.items())
    rows = (
        f"| [{d.number}]({d.file}) | {d.title} | {d.status} | {d.date} | {d.again} |\n"
        for d in map(read, sorted(FOLDER.glob("[0-9]*.md")))
    )
    return _TOP.format(areas=areas) + "".join(rows)


if __name__ == "__main__":
    INDEX.write_text(index(), encoding="utf-8")
