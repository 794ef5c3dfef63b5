"""`rastro console --env`: reads a deployed environment with the operator's credentials, and only reads."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto.athena.models import QueryResults, athena_backends
from starlette.testclient import TestClient

from analytics.dashboards.catalogue import DASHBOARDS
from console.app import application
from console.lake_process import LakeError
from console.pages.trace import find as find_event
from console.source import Source
from rastro.deployed import console_source
from rastro.deployed.athena_lake import AthenaLake
from rastro.deployed.console_source import find, open_source
from rastro.deployed.cost import hourly, queries
from rastro.deployed.read_only import ALLOWED, READING, ReadOnly
from rastro.terminal.errors import Problem
from tests.rastro.deployed import APPLICATION, OUTPUTS, REGION, Deployed
from tests.support.raw_records import raw_record

EVENT = "0a0a0a0a-1111-4222-8333-444455556666"
REFUSED = "0b0b0b0b-1111-4222-8333-444455556666"
GROUP = "rastro-dev-pipeline-IngestLog"
ACCOUNT = "123456789012"


def until(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str, dict[str, Any]]]:
    """Every operation that the console's clients call, with its time and arguments."""
    made: list[tuple[float, str, dict[str, Any]]] = []

    class Watched(ReadOnly):
        def __init__(self, client: Any) -> None:
            super().__init__(client)
            client.meta.events.register(
                "provide-client-params.*.*",
                lambda params, model, **_: made.append((time.monotonic(), model.name, params)),
            )

    monkeypatch.setattr(console_source, "ReadOnly", Watched)
    return made


@pytest.fixture
def source(dev: Deployed, calls: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setitem(OUTPUTS, "IngestLog", GROUP)
    logs = dev.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    refused = {"message": "request", "request_id": "Xy1=", "status": 401, "reason": "unknown_key"}
    accepted = {"message": "request", "request_id": "Xy2=", "status": 202}
    events = [
        {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
        for line in (refused | {"event_ids": [REFUSED]}, accepted)
    ]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)
    dev.client("dynamodb").put_item(
        TableName=APPLICATION, Item={"leaseKey": {"S": "shardId-0"}, "leaseOwner": {"S": "task-1"}}
    )
    dev.client("cloudwatch").put_metric_alarm(
        AlarmName="rastro-dev-consumer-lag",
        AlarmDescription="The consumer is behind. docs/operations.md#consumer-lag",
        Namespace="x", MetricName="y", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    made = open_source(find("dev"))
    yield made
    made.tails.stop()


def test_it_follows_from_now_on_and_finds_each_event(dev: Deployed, source: Source, calls: Any):
    until(lambda: len(source.tails.behind_ms) == 4)
    now = int(time.time() * 1000)
    record = raw_record({"event_id": EVENT, "event": "page_view"}, visitor_id="v", received_at=now)
    dev.kinesis.put_record(StreamName="rastro-dev-raw", Data=json.dumps(record), PartitionKey="v")
    line = json.dumps({"event_id": EVENT, "event_name": "page_view", "visitor_id": "v", "session_id": "s"})
    dev.kinesis.put_record(StreamName="rastro-dev-enriched", Data=line + "\n", PartitionKey="v")
    until(lambda: (story := source.tails.store.story(EVENT)) and story.raw and story.enriched)
    until(lambda: source.tails.store.story(REFUSED))

    asked = {name for _, name, _ in calls}
    found = find_event(source, EVENT)
    stages = [stop["stage"] for stop in found["stops"]]
    assert stages[:4] == ["answer", "raw stream", "enriched stream", "session"]
    assert {name for _, name, _ in calls} == asked, "finding an event asks Athena nothing by itself"
    assert find_event(source, REFUSED)["stops"][0]["facts"]["reason"] == "unknown_key"
    assert not find_event(source, "Xy2=")["events"]
    assert not source.tails.errors


def test_one_get_records_a_second_of_each_shard_and_nothing_that_writes(source: Source, calls: Any):
    until(lambda: len(source.tails.behind_ms) == 4)
    calls.clear()
    begun = time.monotonic()
    time.sleep(4.0)
    source.health()
    seconds = time.monotonic() - begun
    # Iterators change with each answer: counted over all four shards.
    counted = Counter(name for _, name, _ in calls)
    assert 4 <= counted["GetRecords"] <= 4 * (seconds + 1)
    snake = {
        name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_") for name in counted
    }
    assert not [
        name for name, python in snake.items() if not python.startswith(READING) and python not in ALLOWED
    ]


def test_clients_cannot_write(dev: Deployed):
    at = find("dev")
    for service, operation in (("kinesis", "put_record"), ("s3", "put_object"), ("s3", "delete_object"),
                               ("dynamodb", "put_item"), ("logs", "put_log_events")):  # fmt: skip
        with pytest.raises(AttributeError, match="only reads"):
            getattr(at.client(service), operation)


def test_health_has_alarms_with_their_runbook_and_leases(source: Source):
    sections = source.health()
    (alarm,) = sections["Alarms"]
    assert (alarm["alarm"], alarm["runbook"]) == (
        "rastro-dev-consumer-lag",
        "docs/operations.md#consumer-lag",
    )
    assert sections["Leases"] == [{"shard": "shardId-0", "owner": "task-1", "checkpoint": None}]
    page = TestClient(application(source), base_url="http://127.0.0.1").get("/health").text
    assert "USD/h" in page


def test_a_dashboard_says_its_price_and_asks_only_on_demand(dev: Deployed, source: Source, calls: Any):
    today = datetime.now(UTC).date()
    for day in (today, today - timedelta(days=1), today - timedelta(days=200)):
        dev.put(f"enriched/dt={day}/hour=01/part.parquet", b"x" * 30_000_000)
    dev.client("athena").create_work_group(Name="rastro-dev")
    one = TestClient(application(source), base_url="http://127.0.0.1")
    page = one.get("/dashboards/overview").text
    most = queries({"athena_tb": 9.0}, 60_000_000, console_source.MOST_QUERIES, 50)
    assert f"{most:,.2f} USD" in page, "files of the period alone"
    assert "run=1" in page
    assert "StartQueryExecution" not in {name for _, name, _ in calls}
    page = one.get("/dashboards/overview?run=1").text
    started = [params for _, name, params in calls if name == "StartQueryExecution"]
    assert len(started) >= len(DASHBOARDS[0].visuals)
    assert {params["WorkGroup"] for params in started} == {"rastro-dev"}
    assert len(started) <= console_source.MOST_QUERIES, "the price said more than were asked"


def test_athenas_answers_have_types(dev: Deployed):
    info = [
        {"Name": name, "Type": kind, "CatalogName": "", "SchemaName": "", "TableName": "", "Label": name,
         "Precision": 0, "Scale": 0, "Nullable": "UNKNOWN", "CaseSensitive": False}
        for name, kind in (("n", "bigint"), ("sold", "decimal"), ("day", "date"), ("at", "timestamp"),
                           ("bot", "boolean"), ("name", "varchar"))
    ]  # fmt: skip
    head = {"Data": [{"VarCharValue": one["Name"]} for one in info]}
    values = ["3", "10316.30", "2026-11-21", "2026-11-21 10:00:00.000", "false", "=1+1"]
    lines = [{"Data": [{"VarCharValue": value} for value in values]}, {"Data": [{} for _ in values]}]
    athena_backends[ACCOUNT][REGION].query_results_queue.append(QueryResults([head, *lines], info))
    lake = AthenaLake(dev.client("athena"), "rastro_dev", "primary")
    assert lake.rows("SELECT 1") == [
        {
            "n": 3,
            "sold": Decimal("10316.30"),
            "day": date(2026, 11, 21),
            "at": datetime.fromisoformat("2026-11-21T10:00:00"),
            "bot": False,
            "name": "=1+1",
        },
        dict.fromkeys(("n", "sold", "day", "at", "bot", "name")),
    ]
    for statement in ("DROP TABLE enriched", "INSERT INTO x SELECT 1"):
        with pytest.raises(LakeError, match="only a SELECT"):
            lake.rows(statement)


def test_what_it_costs():
    prices = {"kinesis_on_demand_gb_out": 0.04, "s3_thousand_puts": 0.005, "athena_tb": 5.0}
    gib = 1 << 30
    assert hourly(prices, bytes_an_hour=10 * gib, on_demand=True, lists_an_hour=60) == pytest.approx(0.4003)
    assert hourly(prices, bytes_an_hour=10 * gib, on_demand=False, lists_an_hour=60) == pytest.approx(0.0003)
    assert queries(prices, 10**12, 2, 50) == pytest.approx(2 * 50 * gib / 1e12 * 5), "the workgroup stops it"
    assert queries(prices, 1, 2, 50) == pytest.approx(2 * 10e6 / 1e12 * 5), "10 MB at least"


def test_an_unknown_environment_says_so():
    with pytest.raises(Problem, match="nowhere"):
        find("nowhere")


def test_this_is_a_boto_client(dev: Deployed):
    """The words that `ReadOnly` lets through are those of real clients."""
    client = boto3.client("kinesis", region_name=REGION)
    assert hasattr(client, "get_records")
    assert all(ReadOnly(client).get_paginator for _ in READING)
