"""`rastro up --webhook URL`: the bus, the rule and the API destination that an environment on AWS has in its
template."""

import secrets
from typing import Any, NamedTuple

from rastro.terminal.errors import Problem

NAME = "rastro-local-carts"


class Webhook(NamedTuple):
    """The bus that the consumer writes to, and the key that it signs with."""

    bus: str
    signing_key: str


def make(events: Any, url: str) -> Webhook:
    """Lead cart events to `url`; `events` is an EventBridge client of the emulator.

    Raises:
        Problem: the URL is none.
    """
    if not url.startswith(("http://", "https://")):
        raise Problem(f"--webhook takes an http:// or https:// URL, not {url!r}")
    events.create_event_bus(Name=NAME)
    connection = events.create_connection(
        Name=NAME,
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "x-rastro-environment", "ApiKeyValue": "local"}
        },
    )
    destination = events.create_api_destination(
        Name=NAME,
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=url,
        HttpMethod="POST",
        InvocationRateLimitPerSecond=50,
    )
    events.put_rule(Name=NAME, EventBusName=NAME, EventPattern='{"source": ["rastro.carts"]}')
    told = events.put_targets(
        Rule=NAME,
        EventBusName=NAME,
        Targets=[
            {
                "Id": "webhook",
                "Arn": destination["ApiDestinationArn"],
                "RoleArn": "arn:aws:iam::000000000000:role/webhook",
                "InputPath": "$.detail",
                "HttpParameters": {"HeaderParameters": {"x-rastro-signature": "$.detail.signature"}},
            }
        ],
    )
    if told.get("FailedEntryCount"):
        raise Problem(f"the emulator refuses the webhook: {told['FailedEntries']}")
    return Webhook(NAME, secrets.token_hex(24))
