"""The ids that `rastro erase` removed, as hashes. Tools that put old records back ask it first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import pyarrow as pa

TABLE = "erased_ids"


def id_hash(visitor_id: str, user_id: str | None = None) -> str:
    """As the tables' jobs compute it (analytics/tables/pieces.py): of a visitor, or of an account at a visitor."""
    text = visitor_id if user_id is None else f"{visitor_id}/{user_id}"
    return sha256(text.encode()).hexdigest().upper()


class ErasedIds(NamedTuple):
    """`until`: by hash of an id the newest moment (epoch ms) until which records are gone."""

    until: dict[str, int]

    def has(self, visitor_id: str, user_id: str | None, received_at: int) -> bool:
        """Whether a record of this visitor and account, received at `received_at` (epoch ms), was erased."""
        if received_at <= self.until.get(id_hash(visitor_id), -1):
            return True
        return user_id is not None and received_at <= self.until.get(id_hash(visitor_id, user_id), -1)

    def without(self, record: dict[str, Any], latest: int | None = None) -> dict[str, Any] | None:
        """A raw record without its erased events; None where nothing is left. The same object where all are.

        `latest`: epoch ms, where it is known that the record was received by then, whatever it says now.
        """
        if not self.until:
            return record
        visitor, at = record.get("visitor_id"), record.get("received_at")
        if not isinstance(visitor, str) or not isinstance(at, int | float):
            return record  # whoever reads it next says what is wrong with it
        at = int(at) if latest is None else min(int(at), latest)
        if self.has(visitor, None, at):
            return None
        events = record.get("events")
        if not isinstance(events, list):
            return record
        left = [one for one in events if not (isinstance(one, dict) and self.has(visitor, _user(one), at))]
        if len(left) == len(events):
            return record
        return record | {"events": left} if left else None

    def names(self, payload: Any, at: int) -> bool:
        """Whether a payload of any form, received at `at`, has an erased id as one of its values: of a visitor in
        whatever field (each maker's client has a name of its own for it), of an account beside its `visitor_id`."""
        if not self.until:
            return False
        every = list(_walk(payload))
        texts = {text for one in every if (text := _text(one)) is not None}
        visitors = texts & {_text(one.get("visitor_id")) for one in every if isinstance(one, dict)}
        return any(self.has(text, None, at) for text in texts) or any(
            self.has(visitor, text, at) for visitor in visitors for text in texts
        )


def _walk(value: Any) -> Iterator[Any]:
    """A value and all below it; clients send objects of any depth."""
    left = [value]
    while left:
        one = left.pop()
        yield one
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one


def _text(value: Any) -> str | None:
    """A value as an id: text, or a whole number."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _user(event: dict[str, Any]) -> str | None:
    user = event.get("user_id")
    return None if user is None else str(user)


def read(table: Any) -> ErasedIds:
    """Read the table `erased_ids` (PyIceberg's)."""
    until: dict[str, int] = {}
    for row in table.scan().to_arrow().to_pylist():
        at = round(row["erased_at"].replace(tzinfo=UTC).timestamp() * 1000)
        until[row["id_hash"]] = max(at, until.get(row["id_hash"], -1))
    return ErasedIds(until)


def add(table: Any, hashes: set[str], erased_at: datetime) -> int:
    """Put new hashes in; those that are there with an earlier moment get this one too. How many were new."""
    new = sorted(hashes - read(table).until.keys())
    rows = [
        {"id_hash": one, "erased_at": erased_at.astimezone(UTC).replace(tzinfo=None)}
        for one in sorted(hashes)
    ]
    if rows:
        table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    return len(new)
