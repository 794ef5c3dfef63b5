"""Turns what Firehose could not convert or deliver into rows for the same delivery.

Firehose writes one JSON object a line: the record as base64, when it arrived, and why it failed.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from enrich_consumer.core.decimals import as_text
from enrich_consumer.core.emit import pack
from enrich_consumer.core.sessions.shard_state import visitor_key
from lake.erased_ids import ErasedIds
from rastro.erasure.lines import opened
from rastro.repair.fix import Fix, FixError
from rastro.repair.refused import ERASED, StillRefusedError, parsed
from schemas import Column, json_file
from schemas.cart_events import COLUMNS as CART_EVENTS
from schemas.rejected import COLUMNS as REJECTED
from schemas.session_ends import COLUMNS as SESSION_ENDS

TABLES = ("enriched", "rejected", "session_ends", "cart_events")


class Failure(NamedTuple):
    """One line of an error object. `arrived_at`: epoch ms."""

    arrived_at: int
    code: str
    message: str
    data: bytes


def failures_of(data: bytes) -> Iterator[Failure]:
    """The lines of one error object.

    Raises:
        StillRefusedError: `not_json`, the object is none of Firehose's.
    """
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    for line in data.splitlines():
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            yield Failure(
                int(fields["arrivalTimestamp"]),
                str(fields.get("lastErrorCode") or fields.get("errorCode") or "unknown"),
                str(fields.get("lastErrorMessage") or fields.get("errorMessage") or ""),
                base64.b64decode(fields["rawData"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StillRefusedError("not_json", f"no line of Firehose's: {error!r}") from None


def digest(failure: Failure) -> str:
    """The same for the same failed record."""
    return hashlib.blake2b(str(failure.arrived_at).encode() + failure.data, digest_size=12).hexdigest()


def revive(failure: Failure, table: str, fix: Fix | None, decimals: str, gone: ErasedIds) -> list[bytes]:
    """The rows as lines, marked where the table has a column for it, without those of persons who were erased.
    `decimals`: TEXT or NUMBER.

    Raises:
        StillRefusedError: a line is no row of the table, or the fix fails, or all of it was erased.
    """
    found = []
    erased = 0
    for line in failure.data.splitlines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            if fix is None:
                raise StillRefusedError("not_json", str(error)) from None
            row = line.decode(errors="replace")
        try:
            rows = [row] if fix is None else fix(row, failure._asdict() | {"data": None, "table": table})
        except FixError as error:
            raise StillRefusedError("fix_failed", str(error)) from None
        for one in rows:
            if gone.until and isinstance(one, dict) and _is_erased(one, table, failure.arrived_at, gone):
                erased += 1
            else:
                found.append(_line(one, table, failure.code, decimals))
    if erased and not found:
        raise StillRefusedError(ERASED, "the person was erased since")
    if not found:
        raise StillRefusedError("left_out", "nothing is left of it")
    return found


_TIMES = ("received_at", "ended_at", "last_event_at", "rejected_at")
"""Of the four tables: when the newest of what a row tells was received, or happened."""


def _is_erased(row: dict[str, Any], table: str, arrived_at: int, gone: ErasedIds) -> bool:
    """Whether a row is about a person who was erased after it came. A session may end after the erasure and tell of
    what was before it: the time that counts is that of its events."""
    at = min([arrived_at, *(moment for name in _TIMES if (moment := _ms(row.get(name))) is not None)])
    if table == "rejected":
        payload = opened(str(row.get("payload")), row.get("payload_encoding"))
        return gone.names(parsed(payload), at)
    visitor, user = row.get("visitor_id"), row.get("user_id")
    return isinstance(visitor, str) and gone.has(visitor, None if user is None else str(user), at)


def _ms(text: Any) -> int | None:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _line(row: Any, table: str, code: str, decimals: str) -> bytes:
    columns = columns_of(table)
    needed = {"enriched": ("event_id", "site", "visitor_id"), "rejected": ("rejected_at", "payload")}
    if not isinstance(row, dict):
        raise StillRefusedError("not_an_object", f"a {type(row).__name__}")
    for name in needed.get(table, ("site",)):
        if not row.get(name):
            raise StillRefusedError("invalid_record", f"{name} is missing")
    if unknown := set(row) - {column.name for column in columns}:
        raise StillRefusedError(
            "unknown_column", f"{', '.join(sorted(unknown))}: not in the table; a fix can leave it out"
        )
    if table == "enriched":
        name = code.rpartition(".")[2].lower()
        mark = f"{''.join(c if c.isalnum() else '_' for c in name)[:50]}:recovered"
        row["input_repairs"] = [*(row.get("input_repairs") or []), mark]
    if decimals == "TEXT":
        as_text(columns)(row)
    else:
        _as_numbers(row, columns)
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _as_numbers(row: dict[str, Any], columns: tuple[Column, ...]) -> None:
    names = {c.name for c in columns if c.type.startswith("decimal(")}
    for name in names & set(row):
        if isinstance(row[name], str):
            row[name] = float(row[name])
    for item in row.get("items") or ():
        for name in ("price", "discount", "quantity"):
            if isinstance(item.get(name), str):
                item[name] = float(item[name])


def columns_of(table: str) -> tuple[Column, ...]:
    """Of one of `TABLES`."""
    if table == "enriched":
        return tuple(Column(**fields) for fields in json_file("enriched.columns.json")["columns"])
    return {"rejected": REJECTED, "session_ends": SESSION_ENDS, "cart_events": CART_EVENTS}[table]


def records_of(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    """Enriched lines as records of the enriched stream, packed as the consumer packs them."""
    by_bucket: dict[int, list[bytes]] = {}
    for line in lines:
        row = json.loads(line)
        by_bucket.setdefault(visitor_key(f"{row['site']}/{row['visitor_id']}")[0], []).append(line)
    for wave in pack(by_bucket):
        for one in wave:
            yield {
                "Data": one.data,
                "PartitionKey": one.partition_key,
                "ExplicitHashKey": one.explicit_hash_key,
            }
