"""What AWS bills, keeps, caches and limits while it runs: each test walks all templates for one kind of fault."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest

from enrich_consumer.edges import metrics as consumer_metrics
from infra.stacks.pipeline.origin_lock import handler as lock
from ingest_lambda import metrics as ingest_metrics
from ingest_lambda.aws.put_all import PutReport
from ingest_lambda.request_log import RequestLog
from tests.infra.walk import REAL, Every, listed, of_kind

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


# --- 23: telemetry is billed by name and by byte


@pytest.mark.parametrize("environment", REAL)
def test_lambda_writes_no_lines_of_its_own_about_a_good_request(environment: str, templates: Every) -> None:
    """Lambda guide, log-level filtering: at WARN neither platform.start nor the report of a success is sent."""
    (logging,) = (
        r["Properties"]["LoggingConfig"]
        for name, r in of_kind(templates[environment]["Pipeline"], "AWS::Lambda::Function")
        if r["Properties"].get("FunctionName") == f"rastro-{environment}-ingest"
    )
    assert (logging["LogFormat"], logging["SystemLogLevel"]) == ("JSON", "WARN")
    assert logging["ApplicationLogLevel"] == "INFO"  # what our lines are


def test_only_lag_is_billed_for_each_shard_and_only_counts_of_events_for_each_site() -> None:
    assert consumer_metrics.BY_SHARD == ("MillisBehindLatest",)
    line = consumer_metrics.embedded(
        Counter(), {"VisitorsOpen": 1, "MillisBehindLatest": 2}, {"Application": "a", "Shard": "s"}, 0
    )
    log = RequestLog("1", site="loja", status=202, accepted=1, raw_put=PutReport(size=9, seconds=0.1))
    request = json.loads(ingest_metrics.request_line(log, "dev", 0))
    billed = [
        (by, metric["Name"])
        for document in (line, request)
        for directive in document["_aws"]["CloudWatchMetrics"]
        for by in (tuple(directive["Dimensions"][0]),)
        for metric in directive["Metrics"]
        if len(by) > 1
    ]
    assert billed == [
        (("Application", "Shard"), "MillisBehindLatest"),
        (("Environment", "Site"), "Accepted"),
        (("Environment", "Site"), "Rejected"),
    ]


# --- 6, 17, 27, 29: what an update, a deletion, fan-out and a container meet


def test_the_sites_parameter_need_not_become_a_smaller_tier(templates: Every) -> None:
    """Systems Manager guide, parameter tiers: an advanced parameter cannot be made a standard one; AWS chooses here."""
    seen = 0
    for environment in templates.values():
        for _, parameter in of_kind(environment["Pipeline"], "AWS::SSM::Parameter"):
            seen += 1
            assert parameter["Properties"]["Tier"] == "Intelligent-Tiering"
    assert seen == len(templates)


@pytest.mark.parametrize("environment", [*REAL, "local"])
def test_no_log_group_outlives_its_stack(environment: str, templates: Every) -> None:
    groups = [g for t in templates[environment].values() for _, g in of_kind(t, "AWS::Logs::LogGroup")]
    assert groups
    assert {group.get("DeletionPolicy", "Delete") for group in groups} == {"Delete"}


def test_fan_out_may_describe_a_consumer_that_is_not_there_yet(templates: Every) -> None:
    """KCL asks before it registers; the ARN's last part is the time of registration, so no pattern can name it."""
    (resource,) = [
        s["Resource"]
        for name, r in of_kind(templates["everything"]["Consumer"], "AWS::IAM::Policy")
        if name.startswith("TaskRole")
        for s in r["Properties"]["PolicyDocument"]["Statement"]
        if "kinesis:DescribeStreamConsumer" in listed(s["Action"])
    ]
    assert json.dumps(resource).endswith('"/consumer/*"]]}')
    assert "SubscribeToShard" not in json.dumps(templates["prod"]["Consumer"])  # polls


@pytest.mark.parametrize("environment", REAL)
def test_the_container_has_the_tasks_memory_as_its_own_limit(environment: str, templates: Every) -> None:
    """Java takes a share of what its container is limited to; without a limit that is the machine's memory."""
    ((_, task),) = of_kind(templates[environment]["Consumer"], "AWS::ECS::TaskDefinition")
    (container,) = task["Properties"]["ContainerDefinitions"]
    assert container["Memory"] == int(task["Properties"]["Memory"])


# --- 20: a rotated secret counts


def test_the_lock_reads_its_secret_again_within_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets, now = ["first", "second"], [0.0]
    monkeypatch.setenv("SECRET", "/rastro-x/origin")
    ssm = SimpleNamespace(get_parameter=lambda **_: {"Parameter": {"Value": secrets[int(now[0] // 3600)]}})
    monkeypatch.setattr(boto3, "client", lambda *_, **__: ssm)
    monkeypatch.setattr(lock.time, "monotonic", lambda: now[0])
    lock._secret.cache_clear()
    opens = lambda text: lock.handler({"headers": {lock.HEADER: text}}, None)["isAuthorized"]  # noqa: E731 - two words
    assert (opens("first"), opens("second")) == (True, False)
    now[0] = 3601.0
    assert (opens("first"), opens("second")) == (False, True)
    lock._secret.cache_clear()


# --- 21: what is read again and again


def test_no_data_set_is_read_whole_more_often_than_each_night(templates: Every) -> None:
    schedules = [
        r["Properties"]["Schedule"]
        for t in templates["everything"].values()
        for _, r in of_kind(t, "AWS::QuickSight::RefreshSchedule")
    ]
    often = {
        schedule["RefreshType"]
        for schedule in schedules
        if schedule["ScheduleFrequency"]["Interval"] not in {"DAILY", "WEEKLY", "MONTHLY"}
    }
    assert {schedule["RefreshType"] for schedule in schedules} == {"FULL_REFRESH", "INCREMENTAL_REFRESH"}
    assert often == {"INCREMENTAL_REFRESH"}


# --- 28, 31: what the documentation says of AWS


def test_the_documentation_says_of_aws_what_is_so(templates: Every) -> None:
    """The function's log group has CloudFormation's name and none below /aws/lambda; limits as AWS has them."""
    runbook, deploy = (
        (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in ("operations", "deploy")
    )
    pages = [*(ROOT / "docs").rglob("*.md")]
    assert not [page for page in pages if "/aws/lambda" in page.read_text(encoding="utf-8")]
    groups = dict(of_kind(templates["dev"]["Pipeline"], "AWS::Logs::LogGroup"))
    (name,) = [name for name in groups if name.startswith("IngestLog")]
    assert "LogGroupName" not in groups[name]["Properties"]
    assert "`rastro-<env>-pipeline-IngestLog…`" in runbook
    # docs.aws.amazon.com/general/latest/gr/fh.html, Direct PUT
    assert "Direct PUT takes 1 MiB, 1,000 requests and 100,000 records a second in most regions" in runbook
    assert "an x86 machine the image for ARM (the default) is built under emulation" in deploy
    assert "A stack reads another's outputs when it is created or updated" in deploy
