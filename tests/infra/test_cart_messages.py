"""The way of cart messages in an environment on AWS: the template's rule, destination and connection, made on the
emulator by the template's own properties, and what it does where nobody answers."""

import json
import time
from typing import Any

import pytest

from enrich_consumer.edges.aws.event_bus import EventBus
from rastro.local import emulator as local
from tests.infra.conftest import Templates
from tests.support.receiver import is_ours, receiver, row

KEY = b"a signing key"


@pytest.fixture
def resources(templates: dict[str, Templates]) -> dict[str, dict[str, Any]]:
    """Those of the pipeline stack of an environment with a webhook and a topic."""
    found: dict[str, dict[str, Any]] = templates["everything"]["Pipeline"]["Resources"]
    return found


@pytest.mark.emulator
def test_the_templates_rule_destination_and_connection_post_the_signed_message(
    emulator: str, resources: dict[str, dict[str, Any]]
) -> None:
    events = local.client(emulator, "events")
    connection = _one(resources, "AWS::Events::Connection")
    destination = _one(resources, "AWS::Events::ApiDestination")
    rule = _one(resources, "AWS::Events::Rule", "CartWebhookRule")
    (target,) = rule["Targets"]
    bus = "template-carts"
    events.create_event_bus(Name=bus)
    with receiver() as shop:
        made = events.create_connection(
            Name=connection["Name"],
            AuthorizationType=connection["AuthorizationType"],
            AuthParameters=connection["AuthParameters"],
        )
        arn = events.create_api_destination(
            Name=destination["Name"],
            ConnectionArn=made["ConnectionArn"],
            InvocationEndpoint=shop.url,
            HttpMethod=destination["HttpMethod"],
            InvocationRateLimitPerSecond=destination["InvocationRateLimitPerSecond"],
        )["ApiDestinationArn"]
        events.put_rule(Name="carts", EventBusName=bus, EventPattern=json.dumps(rule["EventPattern"]))
        settings = {name: target[name] for name in ("Id", "InputPath", "HttpParameters")}
        answer = events.put_targets(
            Rule="carts",
            EventBusName=bus,
            Targets=[{**settings, "Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/any"}],
        )
        assert not answer["FailedEntryCount"], answer
        EventBus(events, bus, KEY).put([row(1), row(2)])
        deadline = time.monotonic() + 60
        while len(shop.calls) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    for call in shop.calls:
        assert is_ours()(call.message, KEY)
        assert call.headers["x-rastro-signature"] == call.message["signature"]
        assert call.headers["x-rastro-environment"] == "everything"
        assert call.headers["content-type"].startswith("application/json")


def test_the_template_repeats_for_a_day_and_keeps_what_it_gives_up(
    resources: dict[str, dict[str, Any]],
) -> None:
    """The emulator models neither, so the template is read: every target of the bus, and who may write to the queue."""
    rules = {name: found for name, found in resources.items() if found["Type"] == "AWS::Events::Rule"}
    assert len(rules) == 2
    queue = next(name for name, found in resources.items() if name.startswith("CartMessagesUndelivered"))
    for found in rules.values():
        assert found["Properties"]["EventPattern"] == {"source": ["rastro.carts"]}
        (target,) = found["Properties"]["Targets"]
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
    policies = [
        statement
        for found in resources.values()
        if found["Type"] == "AWS::SQS::QueuePolicy" and {"Ref": queue} in found["Properties"]["Queues"]
        for statement in found["Properties"]["PolicyDocument"]["Statement"]
    ]
    may = [
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0]
        for statement in policies
        if statement["Effect"] == "Allow" and statement["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    assert sorted(may) == sorted(rules), "EventBridge may write what each of the rules could not deliver"
    assert resources[queue]["Properties"]["MessageRetentionPeriod"] == 14 * 86400


def _one(resources: dict[str, dict[str, Any]], kind: str, name: str = "") -> dict[str, Any]:
    (found,) = (
        one["Properties"] for key, one in resources.items() if one["Type"] == kind and key.startswith(name)
    )
    properties: dict[str, Any] = found
    return properties
