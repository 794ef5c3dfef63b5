"""The health check: a record without events goes all the way."""

from typing import Any

import jsonschema_rs

from schemas import json_file
from tests.ingest_lambda.doubles import Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))


STRICT = "pk_test_strict_01"


SHOP = "https://shop.example"


def health(bench: Bench) -> tuple[int, Any, dict[str, Any]]:
    return bench.post(gateway("", method="GET", path="/v1/health", key=None))


def test_health_is_a_record_without_events(bench: Bench) -> None:
    """It proves that the stream takes records, and holds nothing of anybody."""
    assert health(bench)[:2] == (200, {"status": "ok", "sites_version": 1})

    (record,) = bench.records()
    assert record["events"] == []
    assert record["visitor_id"] == "rastro-health"
    RAW.validate(record)


def test_health_is_tried_again_only_after_some_seconds(bench: Bench) -> None:
    """The route is public: it must not be a way to fill the stream."""
    for _ in range(10):
        assert health(bench)[0] == 200
    assert len(bench.stream.calls) == 1
    bench.time.now += 5
    bench.stream.verdict = lambda call, entry: "ProvisionedThroughputExceededException"

    status, body, headers = health(bench)

    assert (status, body["reason"]) == (503, "unavailable")
    assert int(headers["retry-after"]) > 0
    assert health(bench)[0] == 503
    assert len(bench.stream.calls) == 2
    bench.time.now += 5
    bench.stream.verdict = lambda call, entry: None
    assert health(bench)[0] == 200


def test_health_without_sites_is_503() -> None:
    assert health(Bench(sites=b"nope"))[0] == 503
