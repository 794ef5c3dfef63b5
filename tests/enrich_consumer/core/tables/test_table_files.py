"""The tables that lie as files in core/tables: each says where it comes from, and no row contradicts another."""

import re
from collections import Counter
from importlib.resources import files

import pytest

from enrich_consumer.core.tables.csv_table import read_table

FOLDER = files("enrich_consumer.core.tables")
TABLES = sorted(path.name.removesuffix(".csv") for path in FOLDER.iterdir() if path.name.endswith(".csv"))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_names_its_source_and_date(name):
    head = "".join(
        line for line in FOLDER.joinpath(f"{name}.csv").read_text("utf-8").splitlines(True) if line[0] == "#"
    )
    assert "Source: " in head
    assert re.search(r"Date: \d{4}-\d{2}-\d{2}\.", head)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_every_column_and_a_key_of_its_own(name):
    rows = read_table(name)
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)  # as many as the head names
    keys = Counter(next(iter(row.values())) if name != "known_sites" else row["source"] for row in rows)
    assert [key for key, times in keys.items() if times > 1 or not key] == []


def test_a_host_belongs_to_one_site():
    hosts = Counter(host for row in read_table("known_sites") for host in row["hosts"].split())
    assert [host for host, times in hosts.items() if times > 1] == []
