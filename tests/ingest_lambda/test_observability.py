"""One line a request: metrics by CloudWatch's embedded format, and a log without payload, IP address or key."""

import gzip
import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any, get_args

import pytest

from ingest_lambda.events.refused_ids import refused_ids
from ingest_lambda.http.request import from_gateway
from ingest_lambda.metrics import NAMESPACE, UNITS, Metric
from tests.ingest_lambda.doubles import KEY, NOW, PAGE_VIEW, Bench, gateway

DOCS = Path(__file__).parents[2] / "docs" / "ingest.md"
THROTTLED = "ProvisionedThroughputExceededException"


Found = dict[tuple[str, ...], dict[str, Any]]
"""The metrics of one line by their dimensions."""


def metrics(line: bytes) -> Found:
    """The metrics of one line, after a check of its form."""
    document = json.loads(line)
    assert document["_aws"]["Timestamp"] == NOW
    found: Found = {}
    for directive in document["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == NAMESPACE
        (dimensions,) = directive["Dimensions"]
        assert all(isinstance(document[name], str) for name in dimensions)
        for one in directive["Metrics"]:
            assert one["Unit"] == UNITS[one["Name"]]
            assert isinstance(document[one["Name"]], int | float)
        found[tuple(dimensions)] = {one["Name"]: document[one["Name"]] for one in directive["Metrics"]}
    return found


def test_a_request_is_one_line_with_few_metrics_and_the_rest_as_fields(bench: Bench) -> None:
    bench.stream.verdict = lambda call, entry: THROTTLED if call == 1 else None
    bench.post(gateway([PAGE_VIEW, {"event": "?"}, {"event": "!"}, 5]))

    (line,) = bench.log_lines
    assert metrics(line) == {
        ("Environment",): {"PutLatency": 50.0, "Accepted": 1, "Rejected": 3},
        ("Environment", "Site"): {"Accepted": 1, "Rejected": 3},
    }
    document = json.loads(line)
    fields = {
        "put_retries": 1,
        "throttles": 1,
        "put_bytes": len(bench.stream.stored[0].data) + len("loja/v1"),
        "request_bytes": len(json.dumps([PAGE_VIEW, {"event": "?"}, {"event": "!"}, 5])),
        "rejected": {"invalid_event": 2, "not_an_object": 1},
    }
    assert fields.items() <= document.items()
    assert (document["request_id"], document["status"], document["Site"]) == ("request-1", 202, "loja")


def test_a_refusal_counts_once_and_names_its_reason(bench: Bench) -> None:
    bench.post(gateway(key="pk_wrong_key"))

    (line,) = bench.log_lines
    assert metrics(line) == {("Environment",): {"Refused": 1}}
    assert json.loads(line)["reason"] == "unknown_key"


def test_a_503_counts_as_unavailable_with_its_cause(bench: Bench) -> None:
    bench.stream.verdict = lambda call, entry: THROTTLED
    bench.post(gateway())

    (line,) = bench.log_lines
    assert metrics(line).keys() == {("Environment",)}
    found = metrics(line)[("Environment",)]
    assert (found["Unavailable"], found["InternalErrors"]) == (1, 0)
    assert "Accepted" not in found
    assert json.loads(line)["throttles"] == len(bench.stream.calls)
    assert (json.loads(line)["level"], json.loads(line)["cause"]) == ("error", THROTTLED)


def test_logs_hold_no_payload_address_agent_or_key(bench: Bench) -> None:
    """Of whatever outcome."""
    secrets = ["pay-load", "203.0.113.9", KEY, "pk_wrong_key", "agent-text", "visitor-text", "referer-text"]
    event = {"event": "x", "visitor_id": "visitor-text", "page": {"title": "pay-load"}}
    headers = {"user-agent": "agent-text", "referer": "referer-text", "origin": "https://agent-text.example"}
    for body in ([event, {"event": "pay-load"}, "pay-load"], "pay-load", {"pay-load": 1}):
        bench.post(gateway(body, headers=headers))
        bench.post(gateway(body, headers=headers, key="pk_wrong_key"))
        bench.post(gateway(body, headers=headers, path="/pay-load", method="pay-load"))
        bench.post(gateway(body, headers=headers | {"content-type": "pay-load"}))

    logged = b"".join(bench.log_lines).decode()
    assert not [secret for secret in secrets if secret in logged]


def test_a_refused_request_is_found_by_the_ids_of_its_events(bench: Bench) -> None:
    """Whatever it was refused for; what was accepted stands in the streams, not in the log."""
    one, two = "0a0a0a0a-1111-4222-8333-444455556666", "0B0B0B0B-1111-4222-8333-444455556666"
    body = f'[{{"event": "x", "event_id": "{one}"}}, {{"messageId" : "{two}", "email": "a@b.example"}}'
    bench.post(gateway(body))  # cut off: not JSON
    bench.post(gateway([{"event": "x", "event_id": one}], key="pk_wrong_key"))
    packed = gateway(b64encode(gzip.compress(body.encode())).decode(), key="pk_wrong_key")
    packed["isBase64Encoded"] = True
    bench.post(packed)
    bench.post(gateway([{"event": "page_view", "event_id": two}]))

    found = [
        document.get("event_ids") for document in map(json.loads, bench.log_lines) if "status" in document
    ]
    assert found == [[one, two.lower()], [one], [one, two.lower()], None]
    assert b"example" not in b"".join(bench.log_lines)


@pytest.mark.parametrize(
    "body", ["", "=", "\x1f\x8b", "H4sI", "ÿ", '"event_id": "1"', '"event_id": ' * 90_000]
)
@pytest.mark.parametrize("is_base64", [True, False])
def test_ids_of_a_hostile_body_are_none(body: str, is_base64: bool) -> None:
    request = from_gateway({"body": body, "isBase64Encoded": is_base64}, "request-1")
    assert refused_ids(request) == ()


def test_every_metric_has_a_unit_and_stands_in_the_docs() -> None:
    docs = DOCS.read_text(encoding="utf-8")
    assert set(get_args(Metric)) == set(UNITS)
    assert f"`{NAMESPACE}`" in docs
    assert not [name for name in UNITS if f"`{name}`" not in docs]


COLD = """
import sys, json
import ingest_lambda.handler
ingest_lambda.handler._runtime()
print(json.dumps(sorted(sys.modules)))
"""


def test_a_cold_start_imports_little() -> None:
    """Modules, not milliseconds: a ceiling that holds on any machine. `python -m benchmarks ingest` measures time."""
    env = {
        "RASTRO_RAW_STREAM": "raw",
        "RASTRO_REJECTED_DELIVERY": "rejected",
        "RASTRO_SITES": "file:/sites",
        "RASTRO_SALT": "file:/salt",
    }
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{COLD}"],
        env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    modules = json.loads(done.stdout)
    heavy = {
        "boto3",
        "botocore",
        "urllib3",
        "requests",
        "pydantic",
        "jsonschema",
        "aws_lambda_powertools",
        "asyncio",
    }
    assert not heavy & set(modules)
    assert not [name for name in modules if name.startswith(("enrich_consumer", "rastro", "infra"))]
    assert len(modules) < 250, "a new import must be worth its milliseconds in every cold start"
