"""What the tests of tolerance share: an event is posted, and is read from the stream as it was stored."""

from typing import Any

import jsonschema_rs

from ingest_lambda.events.normalise.canonical import EVENT
from schemas import json_file
from tests.ingest_lambda.doubles import PAGE_VIEW, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"), validate_formats=True)


RAW_EVENT = jsonschema_rs.validator_for(
    {"$defs": json_file("raw.schema.json")["$defs"], "$ref": "#/$defs/event"}
)


CONTRACT = jsonschema_rs.validator_for(EVENT, validate_formats=True)


AT = 1_795_295_998_000  # 2026-11-21T21:19:58Z


ID = PAGE_VIEW["event_id"].lower()


NIL, MAX = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


def stored(bench: Bench, event: Any) -> dict[str, Any]:
    """Post one event and return it as the stream has it, with its visitor."""
    status, body, _ = bench.post(gateway([event]))
    assert (status, body["accepted"], body["rejected"]) == (202, 1, [])
    (record,) = bench.records()
    RAW.validate(record)
    (found,) = record["events"]
    said = [f"{one['field']}:{one['what']}" for one in body.get("repaired", [])]
    assert said == found.get("repairs", [])
    assert all(one["index"] == 0 for one in body.get("repaired", []))
    return found | {"visitor_id": record["visitor_id"], "visitor_kind": record["visitor_kind"]}


def at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def put(path: str, value: Any) -> Any:
    for step in reversed(path.split(".")):
        value = [value] if step == "0" else {step: value}
    return value
