"""Reads the tables that lie beside this module as CSV files."""

import csv
from importlib.resources import files


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of `<name>.csv` by column. Lines that begin with `#` are its comments: source and date of the table."""
    text = files("enrich_consumer.core.tables").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if line and not line.startswith("#")))
