"""Alarms name metrics that exist and runbook sections that exist; the canary and the lock do what they say."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import pytest

from analytics.athena_dialect import violations
from infra.stacks.monitoring import metrics
from infra.stacks.monitoring.canary import handler as canary
from infra.stacks.pipeline.origin_lock import handler as lock

ROOT = Path(__file__).parents[2]
Every = dict[str, dict[str, dict[str, Any]]]

# As AWS documents them: metrics of HTTP APIs, Lambda, Kinesis Data Streams, Data Firehose, DynamoDB, ECS and
# Container Insights, Certificate Manager.
DOCUMENTED = {
    "AWS/ApiGateway": {"Count", "4xx", "5xx", "Latency", "IntegrationLatency", "DataProcessed"},
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"},
    "AWS/Kinesis": {
        "IncomingRecords", "IncomingBytes", "WriteProvisionedThroughputExceeded", "PutRecords.ThrottledRecords",
        "ReadProvisionedThroughputExceeded", "GetRecords.IteratorAgeMilliseconds", "GetRecords.Bytes",
    },
    "AWS/States": {"ExecutionsFailed", "ExecutionsSucceeded"},
    "AWS/Firehose": {
        "IncomingRecords", "IncomingBytes", "DeliveryToS3.DataFreshness", "DeliveryToS3.Success", "ThrottledRecords",
        "DeliveryToS3.Records", "FailedConversion.Records", "SucceedConversion.Records",
    },
    "AWS/DynamoDB": {"ReadThrottleEvents", "WriteThrottleEvents", "ThrottledRequests", "SystemErrors"},
    "AWS/ECS": {"CPUUtilization", "MemoryUtilization"},
    "ECS/ContainerInsights": {"RunningTaskCount", "DesiredTaskCount", "PendingTaskCount"},
    "AWS/CertificateManager": {"DaysToExpiry"},
}  # fmt: skip


def _ours() -> dict[str, set[str]]:
    from enrich_consumer.edges import metrics as consumer
    from enrich_consumer.edges.kcl import supervisor
    from ingest_lambda import metrics as ingest

    return {
        consumer.NAMESPACE: {*consumer.NAMES, supervisor.RESTARTS},
        ingest.NAMESPACE: set(get_args(ingest.Metric)),
        canary.NAMESPACE: set(canary.UNITS),
    }


def _alarms(templates: Every, environment: str) -> Iterator[dict[str, Any]]:
    for template in templates[environment].values():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::CloudWatch::Alarm" and "AlarmName" in resource["Properties"]:
                yield resource["Properties"]


def _named(node: Any) -> Iterator[tuple[str, str]]:
    """Every (namespace, metric) below a node of a template."""
    if isinstance(node, dict):
        if "Namespace" in node and "MetricName" in node:
            yield node["Namespace"], node["MetricName"]
        for value in node.values():
            yield from _named(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named(value)


@pytest.mark.slow
def test_every_alarm_looks_at_a_metric_that_somebody_writes(templates: Every) -> None:
    known = DOCUMENTED | _ours()
    seen = set()
    for environment in ("dev", "prod", "everything"):
        for alarm in _alarms(templates, environment):
            for namespace, name in _named(alarm):
                assert name in known.get(namespace, set()), (namespace, name)
                seen.add(namespace)
    assert seen == set(known)


@pytest.mark.slow
def test_every_metric_of_the_dashboard_exists(templates: Every) -> None:
    known = DOCUMENTED | _ours()
    for resource in templates["prod"]["Monitoring"]["Resources"].values():
        if resource["Type"] != "AWS::CloudWatch::Dashboard":
            continue
        text = json.dumps(resource["Properties"]["DashboardBody"]).replace('\\\\\\"', '"').replace('\\"', '"')
        found = set(re.findall(r'\["([A-Za-z/]+)","([A-Za-z0-9.]+)"', text))
        assert len(found) > 20
        for namespace, name in found:
            assert name in known.get(namespace, set()), (namespace, name)


@pytest.mark.slow
def test_every_metric_of_ours_is_looked_at(templates: Every) -> None:
    """By an alarm, the dashboard or scaling: what nobody looks at is billed all the same."""
    text = json.dumps(templates["everything"]).replace('\\\\\\"', '"').replace('\\"', '"')
    looked_at = set(re.findall(r'\["([A-Za-z/]+)","([A-Za-z0-9.]+)"', text))
    looked_at |= {found for template in templates["everything"].values() for found in _named(template)}
    ours = {(namespace, name) for namespace, names in _ours().items() for name in names}
    assert len(ours) > 25
    assert not ours - looked_at


@pytest.mark.slow
def test_every_alarm_has_its_section_in_the_runbook(templates: Every) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^### ([a-z0-9-]+)$", text, re.MULTILINE))
    used = set()
    for alarm in _alarms(templates, "everything"):
        match = re.search(r"What to do: docs/operations\.md#([a-z0-9-]+)$", alarm["AlarmDescription"])
        assert match, alarm["AlarmDescription"]
        used.add(match.group(1))
    assert used <= sections, used - sections
    # the budget's notice is no alarm, and a person's request is asked by people
    assert sections - {"budget", "access-request", "erasure-request"} <= used, (
        f"no alarm leads to {sections - used}"
    )


@pytest.mark.slow
def test_every_alarm_tells_somebody(templates: Every) -> None:
    for environment in ("dev", "prod", "everything"):
        alarms = list(_alarms(templates, environment))
        assert len(alarms) >= 20
        assert all(alarm["AlarmActions"] for alarm in alarms)


def test_the_names_that_alarms_may_use_are_written_by_the_code() -> None:
    ours = _ours()
    assert set(get_args(metrics.IngestMetric)) == ours[metrics.INGEST]
    assert set(get_args(metrics.CanaryMetric)) == ours[metrics.CANARY]


class _Api(BaseHTTPRequestHandler):
    status = 202

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        event = json.loads(self.rfile.read(length))
        assert event["event"] == "canary"
        assert self.headers["X-Rastro-Key"] == "pk_canary_1"
        body = b'{"accepted": 1, "rejected": []}' if self.status == 202 else b"{}"
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture
def api() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Api) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "accepted"), [(202, 1.0), (503, 0.0)])
def test_the_canary_tells_accepted_from_refused(
    api: str, status: int, accepted: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Api, "status", status)
    found = canary._post({"CANARY_URL": api, "CANARY_KEY": "pk_canary_1"}, uuid.UUID(int=1))
    assert found["Accepted"] == accepted
    assert 0 < found["AnswerMillis"] < 20_000


def test_the_canarys_query_is_one_of_athenas() -> None:
    import sqlglot

    (statement,) = sqlglot.parse(canary.sql("canary", 1_795_311_000.0), dialect="athena")
    text = statement.sql(dialect="athena")
    hours = re.findall(r"dt = '([\d-]+)' AND hour = (\d+)", text)
    assert hours == [("2026-11-22", "1"), ("2026-11-22", "0")] + [
        ("2026-11-21", hour) for hour in ("23", "22", "21", "20")
    ]


def test_the_canarys_line_is_embedded_metric_format() -> None:
    line = json.loads(canary.line({"Accepted": 1.0, "AgeSeconds": 12.3456}, "prod", 5))
    assert line["_aws"]["Timestamp"] == 5
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "Accepted", "Unit": "Count"},
        {"Name": "AgeSeconds", "Unit": "Seconds"},
    ]
    assert (line["Environment"], line["AgeSeconds"]) == ("prod", 12.346)


@pytest.mark.parametrize(
    ("headers", "opens"),
    [
        ({lock.HEADER: "right"}, True),
        ({lock.HEADER: "wrong"}, False),
        ({}, False),
        ({lock.HEADER: "ré"}, False),
    ],
)
def test_the_lock_opens_for_the_secret_alone(
    headers: dict[str, str], opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_secret", lambda _: "right")
    assert lock.handler({"headers": headers}, None) == {"isAuthorized": opens}


def test_the_canarys_query_is_athenas() -> None:
    assert violations(canary.sql("canary", time.time())) == []
