"""Responses in API Gateway's form."""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson


class Response(NamedTuple):
    """A status, headers and a JSON value or, as bytes, a GIF."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}

    def with_headers(self, more: Mapping[str, str]) -> "Response":
        """The same response with more headers."""
        return self._replace(headers=dict(self.headers) | dict(more))

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
