"""The lock's function: does the request carry what only CloudFront knows? Needs only the Lambda runtime."""

import functools
import hmac
import os
from typing import Any

HEADER = "x-rastro-origin"


def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """A simple answer of an HTTP API authorizer; the comparison takes the same time whatever differs."""
    given = event.get("headers", {}).get(HEADER, "")
    return {"isAuthorized": hmac.compare_digest(given.encode(), _secret().encode())}


@functools.cache
def _secret() -> str:
    import boto3  # noqa: PLC0415 - from the Lambda runtime

    answer = boto3.client("ssm").get_parameter(Name=os.environ["SECRET"], WithDecryption=True)
    return str(answer["Parameter"]["Value"])
