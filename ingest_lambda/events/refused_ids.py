"""The event ids in the body of a request of which nothing was taken, as far as any can be read."""

import binascii
import re
import zlib
from base64 import b64decode

from ingest_lambda.http.request import Request

MOST_IDS = 20
MOST_TEXT = 65_536
"""Characters of the body that are searched."""
_ID = re.compile(
    rb'"(?:event_id|messageId|message_id|eid)"\s*:\s*"'
    rb'([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})"'
)


def refused_ids(request: Request) -> tuple[str, ...]:
    """UUIDs alone, which say nothing of anybody; in lower case, as they would have been stored. Never raises.

    By pattern, not by JSON: the body may be no JSON, and that may be why it was refused.
    """
    if not request.is_base64:
        data = request.body[:MOST_TEXT].encode("utf-8", "replace")
    else:
        try:
            data = b64decode(request.body[:MOST_TEXT])
        except (binascii.Error, ValueError):
            return ()
    if data[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, MOST_TEXT)
        except zlib.error:
            return ()
    found = dict.fromkeys(match.decode().lower() for match in _ID.findall(data))
    return tuple(found)[:MOST_IDS]
