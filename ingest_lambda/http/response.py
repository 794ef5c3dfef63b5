"""Responses in API Gateway's form."""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson


class Text(NamedTuple):
    """A body of plain text."""

    text: str


class File(NamedTuple):
    """A body as it lies on disk."""

    content: bytes
    media_type: str


class Response(NamedTuple):
    """A status, headers and a JSON value; or, as bytes, a GIF; or a `Text`, a `File`; or nothing, as None.

    `is_head`: the answer to HEAD, with the headers alone.
    """

    status: int
    body: Any
    headers: Mapping[str, str] = {}
    is_head: bool = False

    def with_headers(self, more: Mapping[str, str]) -> "Response":
        """The same response with more headers."""
        return self._replace(headers=dict(self.headers) | dict(more))

    def to_gateway(self) -> dict[str, Any]:
        """Payload format 2.0."""
        media_type, body, is_base64 = _encoded(self.body)
        headers = {
            "content-type": media_type,
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        return {
            "statusCode": int(self.status),
            "headers": headers | dict(self.headers),
            "body": "" if self.is_head else body,
            "isBase64Encoded": is_base64 and not self.is_head,
        }


def _encoded(body: Any) -> tuple[str, str, bool]:
    """Media type, text, and whether that is base64."""
    if isinstance(body, bytes):
        return "image/gif", base64.b64encode(body).decode(), True
    if isinstance(body, File):
        return body.media_type, base64.b64encode(body.content).decode(), True
    if isinstance(body, Text):
        return "text/plain;charset=utf-8", body.text, False
    return "application/json", "" if body is None else orjson.dumps(body).decode(), False
