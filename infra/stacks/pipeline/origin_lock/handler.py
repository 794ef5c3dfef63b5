"""The lock's function: does the request carry what only CloudFront knows? Needs only the Lambda runtime."""

import functools
import hmac
import os
import time
from typing import Any

_REREAD_SECONDS = 3600
HEADER = "x-rastro-origin"


def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """A simple answer of an HTTP API authorizer; the comparison takes the same time whatever differs."""
    given = event.get("headers", {}).get(HEADER, "")
    secret = _secret(int(time.monotonic() // _REREAD_SECONDS))
    return {"isAuthorized": hmac.compare_digest(given.encode(), secret.encode())}


@functools.lru_cache(maxsize=1)
def _secret(_: int) -> str:
    """Read anew each hour, so that a rotated secret counts without a deployment."""
    import boto3  # noqa: PLC0415 - from the Lambda runtime

    answer = boto3.client("ssm").get_parameter(Name=os.environ["SECRET"], WithDecryption=True)
    return str(answer["Parameter"]["Value"])
