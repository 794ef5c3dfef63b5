"""`rastro up --webhook URL`: the bus and the rule of an environment on AWS, and what EventBridge does there with an API
destination: a call, calls again, and a queue of what could not be delivered (`rastro.local.courier`).

The emulator makes one call and drops the event where nobody answers; so its rule leads to a queue, and the courier
delivers from there.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from rastro.terminal.errors import Problem

NAME = "rastro-local-carts"
UNDELIVERED = f"{NAME}-undelivered"


class Webhook(NamedTuple):
    """The bus that the consumer writes to, the key that it signs with, and the URLs of the queues behind the bus."""

    bus: str
    signing_key: str
    queue: str
    undelivered: str


def make(client: Callable[[str], Any], url: str) -> Webhook:
    """Lead cart events to a queue for the courier, which posts them to `url`; `client` makes clients of the emulator.

    Raises:
        Problem: the URL is none, or the emulator refuses the rule.
    """
    if not url.startswith(("http://", "https://")):
        raise Problem(f"--webhook takes an http:// or https:// URL, not {url!r}")
    sqs, events = client("sqs"), client("events")
    undelivered = sqs.create_queue(QueueName=UNDELIVERED)["QueueUrl"]
    queue = sqs.create_queue(QueueName=NAME, Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name=NAME)
    events.put_rule(Name=NAME, EventBusName=NAME, EventPattern=json.dumps({"source": ["rastro.carts"]}))
    answer = events.put_targets(
        Rule=NAME,
        EventBusName=NAME,
        Targets=[{"Id": "webhook", "Arn": arn, "InputPath": "$.detail"}],
    )
    if answer.get("FailedEntryCount"):
        raise Problem(f"the emulator refuses the webhook: {answer['FailedEntries']}")
    return Webhook(NAME, secrets.token_hex(24), queue, undelivered)
