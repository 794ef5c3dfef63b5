"""Finds and redacts the client's IP address where it stands elsewhere in the client's own record."""

import re
from functools import lru_cache
from typing import Any

import orjson

from enrich_consumer.core.parsing.ip_addresses import spellings
from enrich_consumer.core.record import Record, Row
from schemas.ip_addresses import LONGEST_IP

CACHED_IPS = 32768


def contains_client_ip(record: Record) -> bool:
    """Whether the client's IP address may stand anywhere in the record but in its own field."""
    ip = record.ip
    if not ip or len(ip) > LONGEST_IP:
        return False
    own, *others = ip_spellings(ip)
    if data := record.data:
        first = data.find(own)
        # A client may send its IP as `\u00..` escapes, which a byte search cannot see: any such escape may be a match.
        return data.find(own, first + 1) >= 0 or any(one in data for one in (*others, b"\\u00"))
    data = orjson.dumps(
        (record.events, record.user_agent, record.visitor_id, record.headers), default=bytes.decode
    )
    return any(one in data for one in (own, *others))


@lru_cache(CACHED_IPS)
def ip_spellings(ip: str) -> tuple[bytes, ...]:
    """Every spelling of the IP address, first that of its own field. They are long, which makes a search cheap."""
    return tuple(one.encode() for one in dict.fromkeys([ip, *spellings(ip)]))


def redact_client_ip(row: Row, ip: str, instead: str) -> None:
    """Write `instead` for the IP address in every text of a whole row but `ip_truncated`."""
    longest_first = sorted({one.lower() for one in spellings(ip)}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def clean(value: Any) -> Any:
        match value:
            case str():
                return pattern.sub(instead, value)
            case list():
                return [clean(one) for one in value]
            case dict():
                return {key: clean(one) for key, one in value.items()}
            case _:
                return value

    for column, value in row.items():
        if value is not None and column != "ip_truncated":
            row[column] = clean(value)
