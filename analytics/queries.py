"""The SQL files beside this module, by name."""

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from schemas import json_file

FOLDER = Path(__file__).parent
CLICK_IDS = FOLDER.parent / "enrich_consumer" / "core" / "tables" / "click_ids.csv"
"""The enrichment's own table: both sides name a network's source alike."""

VIEWS = (
    "events",
    "refunds",
    "orders",
    "sessions",
    "funnel",
    "retention",
    "entry_exit_pages",
    "paths",
    "attribution",
    "revenue",
    "products",
    "baskets",
    "search_terms",
    "abandonment",
    "devices",
    "data_quality",
    "rejections",
    "freshness",
    "real_time",
    "ended_sessions",
    "abandoned_carts",
    "visitors",
    "identity_edges",
    "people",
    "touches",
    "new_and_returning",
)
"""In the order in which they can be created: each reads tables and earlier views only."""

REPORTS = ("channels", "revenue", "funnel", "top_products", "client_sessions")


REPLACED = ("session_id", "merged_session_id", "event_date")
"""Columns of the contract that the view `events` gives otherwise: it follows merges, and every event has a day."""


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
    return Query(name, " ".join(about), _PLACEHOLDER.sub(_listed, text.strip()))


_PLACEHOLDER = re.compile(r"\{(?:(\w+)\.columns|click_networks)\}")


def _listed(found: re.Match[str]) -> str:
    """`{events.columns}`: the contract's columns of a table, but `REPLACED`; `{click_networks}`: rows of a VALUES."""
    if found[1] is None:
        return ",\n      ".join(f"('{name}', '{source}', '{medium}')" for name, source, medium in _networks())
    return ",\n  ".join(f"{found[1]}.{name}" for name in contract() if name not in REPLACED)


def contract() -> list[str]:
    """Names of the enriched columns, in order."""
    return [column["name"] for column in json_file("enriched.columns.json")["columns"]]


def _networks() -> Iterator[tuple[str, str, str]]:
    """Every advertising network once, with the source and medium that its click id implies."""
    seen = set()
    lines = CLICK_IDS.read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        if row["network"] not in seen:
            seen.add(row["network"])
            yield row["network"], row["source"], row["medium"]
