"""The SQL files beside this module, by name."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent

VIEWS = (
    "events",
    "sessions",
)
"""In the order in which they can be created: each reads tables and earlier views only."""

REPORTS = ("channels", "funnel", "top_products")


class Query(NamedTuple):
    """`sql` is one SELECT for Athena without a semicolon; `about` is the comment above it, as one line."""

    name: str
    about: str
    sql: str


def view(name: str) -> Query:
    """A view of `analytics/views/`."""
    return _read("views", name)


def report(name: str) -> Query:
    """A report of `analytics/reports/`: a query on the views."""
    return _read("reports", name)


@cache
def _read(folder: str, name: str) -> Query:
    text = (FOLDER / folder / f"{name}.sql").read_text(encoding="utf-8")
    about = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        about.append(line.removeprefix("--").strip())
    return Query(name, " ".join(about), text.strip())
