"""One builder of raw records, so that a new field of the contract is one change."""

import ast
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs

from schemas import json_file
from tests.support.raw_records import raw_record

ROOT = Path(__file__).resolve().parents[2]
A_RECORD = {"visitor_id", "received_at", "events"}
"""A dictionary that is written with these keys is a raw record."""

MAY = {
    "tests/support/raw_records.py": "the builder itself",
    "tests/ingest_lambda/test_accept.py": "what ingest must write, to the field",
}


def by_hand(text: str) -> Iterator[int]:
    """Lines on which a source writes a raw record as a dictionary."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if keys >= A_RECORD:
                yield node.lineno


def test_nobody_else_builds_a_raw_record_by_hand() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if str(path.relative_to(ROOT)) not in MAY
        for line in by_hand(path.read_text(encoding="utf-8"))
    }
    assert not found, "use tests.support.raw_records.raw_record"


def test_a_record_by_hand_is_noticed() -> None:
    assert list(by_hand("x = 1\ny = {'v': 1, 'visitor_id': 'v', 'received_at': 1, 'events': []}")) == [2]
    assert not list(by_hand("y = {'visitor_id': 'v', 'received_at': 1}"))


def test_the_builder_keeps_the_contract() -> None:
    event = {"event_id": "00000000-0000-4000-8000-000000000001", "event": "page_view"}
    more = {"sent_at": 1, "ip": None, "headers": {"accept_language": "pt-BR"}, "trusted_server": True}
    schema = jsonschema_rs.validator_for(json_file("raw.schema.json"))
    for record in (raw_record(received_at=1), raw_record(event, event, received_at=1, **more)):
        schema.validate(record)
        assert list(record)[-1] == "events"
