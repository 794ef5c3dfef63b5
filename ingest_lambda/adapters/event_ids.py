"""Ids of events whose protocol has none: from what the client repeats when it sends an event again."""

import hashlib
import uuid
from typing import Any

import orjson


def stable_id(protocol: str, *parts: Any) -> str:
    """A UUID of version 8 (RFC 9562) from the SHA-256 of the parts, which must be JSON values."""
    digest = hashlib.sha256(orjson.dumps([protocol, *parts], option=orjson.OPT_SORT_KEYS)).digest()
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF000 << 64) | 0x8000 << 64
    number = number & ~(0xC000 << 48) | 0x8000 << 48
    return str(uuid.UUID(int=number))
