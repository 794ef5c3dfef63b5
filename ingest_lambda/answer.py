"""Answers in API Gateway's form, with the CORS headers a browser needs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from ingest_lambda.refuse import Refuse


class Answer(NamedTuple):
    """A status, headers and a JSON value (or bytes that are not text)."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}

    def to_gateway(self) -> dict[str, Any]:
        """Payload format 2.0."""
        headers = {"content-type": "application/json", "cache-control": "no-store"}
        return {
            "statusCode": int(self.status),
            "headers": headers | dict(self.headers),
            "body": orjson.dumps(self.body).decode(),
            "isBase64Encoded": False,
        }


def refusal(why: Refuse) -> Answer:
    """The answer that explains a refusal."""
    headers = {} if why.retry_after is None else {"retry-after": str(why.retry_after)}
    return Answer(why.status, {"reason": why.reason, "detail": why.detail}, headers)
