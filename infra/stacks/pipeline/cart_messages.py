"""Where cart events go beside their table: a bus, and rules of it that lead to a webhook and to a topic."""

from typing import NamedTuple

from aws_cdk import Duration, SecretValue, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secrets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.environments.settings import Environment

SOURCE = "rastro.carts"
RETRIES = 185  # EventBridge's own most, over a day
RATE = 50
"""Calls a second at the most: an e-mail tool takes fewer than a bus."""


class CartMessages(NamedTuple):
    """The bus and the key that messages are signed with."""

    bus: events.EventBus
    signing_key: secrets.Secret
    undelivered: sqs.Queue


def make(scope: Construct, environment: Environment) -> CartMessages | None:
    """None where the environment asks for neither a webhook nor a topic."""
    closing = environment.closing
    if not closing.webhook_url and not closing.topic:
        return None
    bus = events.EventBus(scope, "CartBus", event_bus_name=f"{environment.prefix}-carts")
    undelivered = sqs.Queue(
        scope,
        "CartMessagesUndelivered",
        queue_name=f"{environment.prefix}-carts-undelivered",
        retention_period=Duration.days(14),
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
    )
    key = secrets.Secret(
        scope,
        "CartSigningKey",
        secret_name=f"{environment.prefix}/cart-signing-key",
        description="Cart messages are signed with it; receivers check the signature.",
        generate_secret_string=secrets.SecretStringGenerator(exclude_punctuation=True, password_length=48),
    )
    if closing.webhook_url:
        _webhook(scope, environment, bus, undelivered)
    if closing.topic:
        _topic(scope, environment, bus, undelivered)
    return CartMessages(bus, key, undelivered)


def _rule(scope: Construct, name: str, bus: events.EventBus, target: events.IRuleTarget) -> None:
    pattern = events.EventPattern(source=[SOURCE])
    events.Rule(scope, name, event_bus=bus, event_pattern=pattern, targets=[target])


def _webhook(
    scope: Construct, environment: Environment, bus: events.EventBus, undelivered: sqs.Queue
) -> None:
    connection = events.Connection(
        scope,
        "CartWebhookConnection",
        connection_name=f"{environment.prefix}-carts",
        description="Names the sender; what proves it is the signature.",
        # A connection must have some authorization. This one is a name, not a secret.
        authorization=events.Authorization.api_key(
            "x-rastro-environment", SecretValue.unsafe_plain_text(environment.name)
        ),
    )
    destination = events.ApiDestination(
        scope,
        "CartWebhook",
        api_destination_name=f"{environment.prefix}-carts",
        connection=connection,
        endpoint=environment.closing.webhook_url,
        rate_limit_per_second=RATE,
    )
    _rule(
        scope,
        "CartWebhookRule",
        bus,
        targets.ApiDestination(
            destination,
            event=events.RuleTargetInput.from_event_path("$.detail"),
            header_parameters={"x-rastro-signature": events.EventField.from_path("$.detail.signature")},
            dead_letter_queue=undelivered,
            retry_attempts=RETRIES,
            max_event_age=Duration.hours(24),
            event_role=_role(scope, "CartWebhookRole"),
        ),
    )


def _topic(scope: Construct, environment: Environment, bus: events.EventBus, undelivered: sqs.Queue) -> None:
    topic = sns.Topic(scope, "CartTopic", topic_name=f"{environment.prefix}-carts", enforce_ssl=True)
    _rule(
        scope,
        "CartTopicRule",
        bus,
        targets.SnsTopic(
            topic,
            authorize_using_role=True,
            role=_role(scope, "CartTopicRole"),
            message=events.RuleTargetInput.from_event_path("$.detail"),
            dead_letter_queue=undelivered,
            retry_attempts=RETRIES,
            max_event_age=Duration.hours(24),
        ),
    )


def _role(scope: Construct, name: str) -> iam.Role:
    """A role of EventBridge, for rules of this account alone."""
    return iam.Role(
        scope,
        name,
        assumed_by=iam.ServicePrincipal(
            "events.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        ),
    )
