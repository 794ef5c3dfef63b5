"""Every golden pair, column by column; renew with `make golden` and read the diff."""

import json
import re

import jsonschema_rs
import pytest

from enrich_consumer.core import enrichments
from schemas import json_file
from tests.enrich_consumer import golden

NAMES = golden.names()
TABLE = {column.name: column.type for column in enrichments.columns()}

_PYTHON = {
    "string": str,
    "int": int,
    "bigint": int,
    "boolean": bool,
    "double": (int, float),
    "date": str,
    "timestamp": str,
}


def test_each_raw_half_has_its_enriched_half_and_none_is_left_over():
    halves = {path.name for path in golden.EXAMPLES.glob("*.enriched.json")}
    assert halves == {f"{name}.enriched.json" for name in NAMES}
    assert len(NAMES) >= 14


@pytest.mark.parametrize("name", NAMES)
def test_the_raw_half_follows_the_contract(name: str):
    validator = jsonschema_rs.validator_for(json_file("raw.schema.json"))
    for record in golden.records(name):
        validator.validate(record)


@pytest.mark.parametrize("name", NAMES)
def test_the_consumer_makes_the_enriched_half(name: str):
    expected = json.loads(golden.enriched_path(name).read_text(encoding="utf-8"))
    found = [
        {column: value for column, value in row.items() if value is not None} for row in golden.enriched(name)
    ]
    assert found == expected, "if this is meant: make golden, and read the diff"


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_its_columns_type(name: str):
    for row in golden.enriched(name):
        for column, value in row.items():
            assert column in TABLE
            kind = TABLE[column]
            if value is None:
                continue
            if kind.startswith("decimal"):
                assert isinstance(value, (int, float))
                assert value == round(value, 4)
            elif kind.startswith("array"):
                assert isinstance(value, list)
            else:
                assert isinstance(value, _PYTHON[kind]), (column, value)
                assert kind == "boolean" or not isinstance(value, bool)
            if kind == "timestamp":
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value)
            if kind == "date":
                assert re.fullmatch(r"\d{4}-\d\d-\d\d", value)


def test_the_pairs_show_every_column():
    """A column that no example fills is a column nobody can look up."""
    shown = {
        column
        for name in NAMES
        for row in golden.enriched(name)
        for column, v in row.items()
        if v is not None
    }
    assert set(TABLE) - shown == set()


def test_no_address_leaves():
    for name in NAMES:
        text = golden.enriched_path(name).read_text(encoding="utf-8")
        for record in golden.records(name):
            assert record.get("ip") is None or record["ip"] not in text
            assert "ana.souza" not in text
