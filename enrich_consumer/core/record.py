"""The values that travel through the pipeline."""

from collections.abc import Callable
from typing import Any, NamedTuple

from schemas import Reason, Site

Event = dict[str, Any]
"""One event as in the raw record (schemas/raw.schema.json), but that `properties` is JSON text, as bytes."""

Row = dict[str, Any]
"""Columns of one enriched event. Times are epoch milliseconds (int) until `emit` writes them as ISO 8601."""


Enriched = tuple[Row, bytes]
"""One enriched event: the columns of its own, and those that it shares with others, which are written already: the rest
of its JSON line, `,"site":"loja",...}` with a line feed; empty when all columns are in the row."""


def without_nulls(row: Row) -> Row:
    """A copy of the row with only the columns that are not null."""
    return {name: value for name, value in row.items() if value is not None}


class Incoming(NamedTuple):
    """One record as the stream gave it. `arrived_at`: the stream's own time stamp in epoch ms, if any."""

    sequence: int
    data: bytes
    arrived_at: int | None = None


class Record(NamedTuple):
    """A decoded raw record: one visitor's part of one request. Times are epoch milliseconds.

    `data`: the bytes it was decoded from, for a quick look; empty when unknown.
    """

    sequence: int
    site: Site
    visitor_id: str
    visitor_kind: str
    received_at: int
    sent_at: int | None
    ip: str | None
    user_agent: str | None
    headers: dict[str, str | None]
    events: list[Event]
    data: bytes = b""


Enrich = Callable[[Record], list[Enriched]]
"""All enrichments in order: one pair an event of the record, sessions still missing. Raises nothing but Reject."""


class Reject(Exception):  # noqa: N818 - it is a verdict, not an error of ours
    """Raised inside the pipeline, caught once at its boundary."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
