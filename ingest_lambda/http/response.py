"""Answers in API Gateway's form, with the CORS headers a browser needs."""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from ingest_lambda.errors import Refuse


class Answer(NamedTuple):
    """A status, headers and a JSON value or, as bytes, a GIF."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}

    def to_gateway(self) -> dict[str, Any]:
        """Payload format 2.0."""
        is_binary = isinstance(self.body, bytes)
        headers = {
            "content-type": "image/gif" if is_binary else "application/json",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        return {
            "statusCode": int(self.status),
            "headers": headers | dict(self.headers),
            "body": (base64.b64encode(self.body) if is_binary else orjson.dumps(self.body)).decode(),
            "isBase64Encoded": is_binary,
        }


def refusal(why: Refuse) -> Answer:
    """The answer that explains a refusal."""
    headers = {} if why.retry_after is None else {"retry-after": str(why.retry_after)}
    return Answer(why.status, {"reason": why.reason, "detail": why.detail}, headers)
