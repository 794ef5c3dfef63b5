"""From an alarm to a person: every step may be taken, and alarms can fire and stop."""

import json
from typing import Any

import pytest

from infra.environments.resource_names import NOTIFIERS
from tests.infra.walk import REAL, Every, Template, listed, of_kind, referred, services

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("environment", REAL)
def test_the_way_of_every_alarm_to_a_person_is_open(environment: str, templates: Every) -> None:
    """Alarm or budget → topic → topic policy → key policy: each lets the service through, and somebody subscribes."""
    walked = 0
    for template in templates[environment].values():
        senders = [
            (name, "cloudwatch", r["Properties"].get("AlarmActions", []))
            for name, r in of_kind(template, "AWS::CloudWatch::Alarm")
            if "AlarmName" in r["Properties"]
        ]
        senders += [
            (
                name,
                "budgets",
                [
                    s["Address"]
                    for n in r["Properties"]["NotificationsWithSubscribers"]
                    for s in n["Subscribers"]
                ],
            )
            for name, r in of_kind(template, "AWS::Budgets::Budget")
        ]
        senders += [
            (
                name,
                "events",
                [
                    t["Arn"]
                    for t in r["Properties"]["Targets"]
                    if "Topic" in str(referred(t["Arn"])) and not _role_may_publish(template, t)
                ],
            )
            for name, r in of_kind(template, "AWS::Events::Rule")
        ]
        for name, service, topics in senders:
            assert topics or service == "events", f"{name} notifies nobody"
            for topic in topics:
                (topic_id,) = referred(topic)
                _assert_may_publish(template, topic_id, service, templates[environment])
                walked += 1
    assert walked >= 20


def _role_may_publish(template: Template, target: dict[str, Any]) -> bool:
    """Whether the target publishes by a role of its own, which its policy lets publish to the target's topic."""
    if "RoleArn" not in target:
        return False
    (role,) = referred(target["RoleArn"])
    return any(
        s["Effect"] == "Allow"
        and "sns:Publish" in listed(s["Action"])
        and referred(s["Resource"]) == referred(target["Arn"])
        for _, policy in of_kind(template, "AWS::IAM::Policy")
        if role in str(policy["Properties"]["Roles"])
        for s in policy["Properties"]["PolicyDocument"]["Statement"]
    )


def _assert_may_publish(template: Template, topic_id: str, service: str, stacks: dict[str, Template]) -> None:
    topic = template["Resources"][topic_id]["Properties"]
    principal = f"{service}.amazonaws.com"
    policies = [
        r
        for _, r in of_kind(template, "AWS::SNS::TopicPolicy")
        if topic_id in referred(r["Properties"]["Topics"])
    ]
    assert any(
        s["Effect"] == "Allow" and principal in services(s) and "sns:Publish" in listed(s["Action"])
        for policy in policies
        for s in policy["Properties"]["PolicyDocument"]["Statement"]
    ), f"{service} may not publish to {topic_id}"
    key = topic.get("KmsMasterKeyId")
    if key is None:
        return
    ((_, own_key),) = of_kind(stacks["Pipeline"], "AWS::KMS::Key")  # the one key of an environment
    assert "Key" in json.dumps(key)
    granted = {
        action
        for s in own_key["Properties"]["KeyPolicy"]["Statement"]
        if s["Effect"] == "Allow" and principal in services(s)
        for action in listed(s["Action"])
    }
    assert granted >= {"kms:Decrypt", "kms:GenerateDataKey*"}, f"{service} may not use the topic's key"


def test_an_environment_with_addresses_has_a_subscriber_for_each_topic(templates: Every) -> None:
    for template in templates["everything"].values():
        # the topic of carts is for the shop's own systems, which subscribe themselves
        topics = {
            name for name, _ in of_kind(template, "AWS::SNS::Topic") if not name.startswith("CartTopic")
        }
        subscribed = {
            n
            for _, r in of_kind(template, "AWS::SNS::Subscription")
            for n in referred(r["Properties"]["TopicArn"])
        }
        assert topics <= subscribed


def test_the_notifying_services_are_those_of_the_walk() -> None:
    assert set(NOTIFIERS) == {"cloudwatch", "budgets", "events"}


def _metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [m for m in alarm.get("Metrics", []) if "MetricStat" in m]


@pytest.mark.parametrize("environment", ["prod", "everything"])
def test_the_canary_cannot_feed_no_traffic(environment: str, templates: Every) -> None:
    ((_, alarm),) = (
        (n, r["Properties"])
        for n, r in of_kind(templates[environment]["Monitoring"], "AWS::CloudWatch::Alarm")
        if r["Properties"]["AlarmName"].endswith("-no-traffic")
    )
    ids = {m["MetricStat"]["Metric"]["Namespace"]: m["Id"] for m in _metrics(alarm)}
    (expression,) = (m["Expression"] for m in alarm["Metrics"] if "Expression" in m)
    assert expression == f"FILL({ids['AWS/ApiGateway']}, 0) - FILL({ids['Rastro/Canary']}, 0)"
    (canary,) = (m["MetricStat"] for m in _metrics(alarm) if m["Id"] == ids["Rastro/Canary"])
    assert (canary["Metric"]["MetricName"], canary["Stat"]) == (
        "Accepted",
        "SampleCount",
    )  # one for each post
    assert {m["MetricStat"]["Period"] for m in _metrics(alarm)} == {1800}


@pytest.mark.parametrize("environment", REAL)
def test_alarms_on_dynamodb_can_leave_alarm(environment: str, templates: Every) -> None:
    """A plain alarm on AWS/DynamoDB ignores missing data whatever it says; one on an expression does not."""
    seen = 0
    for _, resource in of_kind(templates[environment]["Monitoring"], "AWS::CloudWatch::Alarm"):
        alarm = resource["Properties"]
        assert alarm.get("Namespace") != "AWS/DynamoDB", alarm["AlarmName"]
        if any(m["MetricStat"]["Metric"]["Namespace"] == "AWS/DynamoDB" for m in _metrics(alarm)):
            seen += 1
            assert [m["Expression"] for m in alarm["Metrics"] if "Expression" in m] == ["FILL(throttled, 0)"]
    assert seen == 2
