"""The client's address written elsewhere in its record: found, and taken out."""

import re
from functools import lru_cache
from typing import Any

import orjson

from enrich_consumer.core.enrich.addresses import LONGEST, spellings
from enrich_consumer.core.record import Record, Row

ADDRESSES = 32768


def is_there(record: Record) -> bool:
    """Whether the client's address may be written anywhere in the record but in its own field."""
    ip = record.ip
    if not ip or len(ip) > LONGEST:
        return False
    own, *others = probes_of(ip)
    if data := record.data:
        first = data.find(own)
        return data.find(own, first + 1) >= 0 or any(data.find(one) >= 0 for one in others)
    data = orjson.dumps((record.events, record.user_agent, record.visitor_id, record.headers))
    return any(one in data for one in (own, *others))


@lru_cache(ADDRESSES)
def probes_of(ip: str) -> tuple[bytes, ...]:
    """What every spelling of the address contains, first that of its own field: a long IPv6 address's first two
    parts will do. Each is long, which makes a search of the bytes cheap."""
    found = dict.fromkeys([ip, *spellings(ip)])
    if ":" in ip and "::" not in ip[:10]:
        found = {_head(one): None for one in found}
    return tuple(one.encode() for one in found)


def _head(spelling: str) -> str:
    colon = ":" if ":" in spelling else spelling[spelling.find("%") :][:3]
    return colon.join(spelling.split(colon)[:2]) + colon if colon else spelling


def take_out(row: Row, ip: str, instead: str) -> None:
    """Put `instead` in the place of the address in every text of a whole row but `ip_truncated`."""
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
