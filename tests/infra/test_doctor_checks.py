"""The doctor's questions that the local stack cannot answer wrongly, each with the fault made on purpose."""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.deploy import check, stacks, trace
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments import loader
from infra.environments.settings import Environment

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = {"AlarmTopic": "arn:aws:sns:sa-east-1:1:rastro-prod-alarms"}


class Account:
    """A Target whose services answer what a test says."""

    def __init__(self, **services: dict[str, Callable[..., Any]]) -> None:
        self.account, self.region = "123456789012", "sa-east-1"
        self._services = services

    def client(self, service: str) -> Any:
        return SimpleNamespace(**self._services[service])


@pytest.fixture
def prod(monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr(stacks, "outputs", lambda *_: OUTPUTS)
    return loader.read("prod")


def ask(what: str, environment: Environment, **services: dict[str, Callable[..., Any]]) -> Any:
    at = check._Deployed(environment, Account(**services))
    question, _ = check._CHECKS[what]
    return question(at)


def lag(*milliseconds: float) -> dict[str, Callable[..., Any]]:
    return {"get_metric_statistics": lambda **_: {"Datapoints": [{"Maximum": ms} for ms in milliseconds]}}


def test_lag(prod: Environment) -> None:
    limit = prod.monitoring.lag_minutes * 60_000
    assert ask("lag", prod, cloudwatch=lag(100.0, 900.0)) == (True, "1 s at worst")
    fine, found = ask("lag", prod, cloudwatch=lag(5.0, limit + 1000.0))
    assert (fine, found) == (False, f"{(limit + 1000) / 1000:.0f} s at worst")
    fine, found = ask("lag", prod, cloudwatch=lag())
    assert (fine, "reported nothing for ten minutes" in found) == (False, True)


def test_quotas(prod: Environment) -> None:
    few = {"get_account_settings": lambda: {"AccountLimit": {"ConcurrentExecutions": 50}}}
    greedy = replace(prod, ingest=replace(prod.ingest, reserved_concurrency=100))
    with pytest.raises(DeployError, match=r"limit for Lambda is 50.*servicequotas"):
        ask("quotas", greedy, **{"lambda": few})


def test_the_key_must_let_the_notifying_services_in(prod: Environment) -> None:
    own = replace(prod, protection=replace(prod.protection, encryption_key="own"))

    def policy(*names: str) -> dict[str, Callable[..., Any]]:
        text = json.dumps({"Statement": [{"Principal": {"Service": [f"{n}.amazonaws.com" for n in names]}}]})
        return {"get_key_policy": lambda **_: {"Policy": text}}

    assert ask("key policy", own, kms=policy("cloudwatch", "budgets", "events"))[0] is True
    fine, found = ask("key policy", own, kms=policy("cloudwatch"))
    assert not fine
    assert "budgets, events may not use the key" in found


@pytest.mark.parametrize(
    ("arns", "fine", "says"),
    [
        ([], False, "nobody is subscribed"),
        (["PendingConfirmation"], False, "nobody has confirmed"),
        (["PendingConfirmation", "arn:aws:sns:x"], True, "reach 1 subscribers"),
    ],
)
def test_alarms_must_reach_somebody(prod: Environment, arns: list[str], fine: bool, says: str) -> None:
    sns = {
        "list_subscriptions_by_topic": lambda **_: {"Subscriptions": [{"SubscriptionArn": a} for a in arns]}
    }
    got, found = ask("alarm subscribers", prod, sns=sns)
    assert got is fine
    assert says in found


def test_the_image_and_the_tasks_of_the_consumer(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def service(running: int) -> dict[str, Callable[..., Any]]:
        return {"describe_services": lambda **_: {"services": [{"runningCount": running, "desiredCount": 2}]}}

    monkeypatch.setattr(check.preflight, "check_image", lambda *_: None)
    assert ask("consumer", prod, ecs=service(2)) == (
        True,
        f"2 of 2 tasks run, image {prod.consumer.image_tag}",
    )
    assert ask("consumer", prod, ecs=service(1))[0] is False

    def missing(*_: object) -> None:
        raise DeployError(f"the repository has no image {prod.consumer.image_tag}; run: make image ENV=prod")

    monkeypatch.setattr(check.preflight, "check_image", missing)
    with pytest.raises(DeployError, match="run: make image ENV=prod"):
        ask("consumer", prod, ecs=service(2))


def test_an_alarm_that_fires_names_its_section_of_the_runbook(prod: Environment) -> None:
    asked: list[dict[str, Any]] = []

    def answer(*names: str) -> dict[str, Callable[..., Any]]:
        alarms = [
            {"AlarmName": n, "AlarmDescription": f"So it is. What to do: docs/operations.md#{n}"}
            for n in names
        ]

        def describe(**given: Any) -> dict[str, Any]:
            asked.append(given)
            return {"MetricAlarms": alarms}

        return {"describe_alarms": describe}

    assert ask("alarms", prod, cloudwatch=answer()) == (True, "none fires")
    assert asked == [{"AlarmNamePrefix": "rastro-prod-", "StateValue": "ALARM"}]
    found = ask("alarms", prod, cloudwatch=answer("consumer-lag", "no-traffic"))
    assert found[0] is False
    assert (
        "consumer-lag (docs/operations.md#consumer-lag), no-traffic (docs/operations.md#no-traffic)"
        in found[1]
    )


@pytest.mark.parametrize(
    ("state", "fine", "says"),
    [
        (None, False, "not deployed; run: make deploy ENV=prod"),
        ("CREATE_COMPLETE", True, "CREATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", None, "a deployment is under way"),
        ("UPDATE_ROLLBACK_COMPLETE", False, "make deploy ENV=prod"),
        ("ROLLBACK_COMPLETE", False, "make deploy ENV=prod"),
        ("DELETE_FAILED", False, "make destroy ENV=prod"),
    ],
)
def test_the_state_of_a_stack_says_what_to_do(state: str | None, fine: bool | None, says: str) -> None:
    found, detail = check._of_stack(state, "prod")
    assert found is fine
    assert detail.endswith(says)


def test_every_stack_of_the_app_is_looked_at_where_it_lives() -> None:
    prod = loader.read("prod")
    everything = replace(
        prod,
        stacks=replace(prod.stacks, edge=True),
        analytics=replace(prod.analytics, quicksight_user="arn:aws:quicksight:sa-east-1:1:user/default/a"),
    )
    found = check._stack_names(everything)
    names = ("image", "pipeline", "consumer", "analytics", "jobs", "dashboards", "monitoring", "edge")
    assert found == {f"rastro-prod-{name}": "us-east-1" if name == "edge" else None for name in names}


def test_what_is_wrong_says_what_to_do(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is answered with a fault: an advice follows whose section or command exists."""
    monkeypatch.setattr(stacks, "status", lambda *_: "UPDATE_COMPLETE")

    def refused(_: object) -> Any:
        raise DeployError("the service is away")

    account: Any = SimpleNamespace(
        region="sa-east-1", client=refused, elsewhere=lambda _: SimpleNamespace(client=None)
    )
    monkeypatch.setattr(check._Deployed, "__init__", lambda at, e, t: at.__dict__.update(
        environment=replace(e, protection=replace(e.protection, encryption_key="own")), target=t, outputs={}
    ))  # fmt: skip
    monkeypatch.setattr(check, "_CHECKS", {n: (refused, advice) for n, (_, advice) in check._CHECKS.items()})
    found = [line for line in check.findings(prod, account) if not line[0].startswith("stack ")]
    assert len(found) == 13
    for what, well, detail in found:
        assert well is False
        assert detail.startswith("DeployError: the service is away; "), what
        advice = detail.partition("away; ")[2]
        sections = re.findall(r"(docs/[a-z]+\.md)#([a-z0-9-]+)", advice)
        for page, anchor in sections:
            titles = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [title.lower().replace(" ", "-") for title in titles], (what, anchor)
        assert sections or "make deploy ENV=prod" in advice or what == "alarms", what


def test_the_lake_has_the_events_own_row_and_not_just_a_new_file(tmp_path: Path) -> None:
    def rows(*ids: str) -> bytes:
        pq.write_table(pa.table({"event_id": list(ids)}), tmp_path / "file")
        return (tmp_path / "file").read_bytes()

    returned = json.dumps({"rawData": b64encode(b'{"event_id": "e3"}').decode()}).encode()
    day = f"enriched/dt={datetime.now(UTC):%Y-%m-%d}"
    objects = {f"{day}/hour=1/a": rows("e1"), f"{day}/hour=1/b": rows("e1", "e2")}
    objects["errors/enriched/format-conversion-failed/x"] = gzip.compress(b"no line\n" + returned)
    taken: list[str] = []

    def pages(**asked: str) -> Any:
        found = [
            {"Key": k, "LastModified": datetime.now(UTC)} for k in objects if k.startswith(asked["Prefix"])
        ]
        return iter([{"Contents": found}])

    def get(**asked: str) -> Any:
        taken.append(asked["Key"])
        return {"Body": SimpleNamespace(read=lambda: objects[asked["Key"]])}

    s3 = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=pages), get_object=get)
    assert trace._Files(s3, "bucket", datetime.now(UTC)).find("e2") == f"{day}/hour=1/b"
    files = trace._Files(s3, "bucket", datetime.now(UTC))
    assert files.find("e3") == "errors/enriched/format-conversion-failed/x"
    assert files.find("e9") is None
    before = len(taken)
    assert files.find("e9") is None
    assert len(taken) == before, "a file is read twice"


def test_athena_reads_the_row(prod: Environment) -> None:
    asked: list[str] = []

    def start(**given: Any) -> Any:
        asked.append(given["QueryString"])
        return {"QueryExecutionId": "q"}

    def athena(rows: list[str], state: str = "SUCCEEDED") -> Target:
        answer = [{"Data": [{"VarCharValue": text}]} for text in ("$path", *rows)]
        services = {
            "start_query_execution": start,
            "get_query_execution": lambda **_: {
                "QueryExecution": {"Status": {"State": state, "StateChangeReason": "TABLE_NOT_FOUND"}}
            },
            "get_query_results": lambda **_: {"ResultSet": {"Rows": answer}},
        }
        return Account(athena=services)  # type: ignore[return-value] # only what the check asks

    at = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    assert trace._read(athena(["s3://b/enriched/x"]), prod, "e1", at) == "a row of s3://b/enriched/x"
    assert "dt = '2026-11-21'" in asked[0]
    assert "event_id = 'e1'" in asked[0]
    assert trace._read(athena([]), prod, "e1", at) is None
    with pytest.raises(DeployError, match="TABLE_NOT_FOUND"):
        trace._read(athena([], "FAILED"), prod, "e1", at)
