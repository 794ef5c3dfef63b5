"""The values that travel through the pipeline."""

from typing import Any, NamedTuple

from schemas import Reason, Site
from schemas.times import EpochMs

Event = dict[str, Any]
"""One event as in the raw record (schemas/raw.schema.json), but that `properties` is JSON text, as bytes."""

Row = dict[str, Any]
"""Columns of one enriched event. `event_at` is epoch milliseconds (int) until the session is assigned."""


def without_nulls(row: Row) -> Row:
    """A copy of the row with only the columns that are not null."""
    return {name: value for name, value in row.items() if value is not None}


class Incoming(NamedTuple):
    """One record as the stream gave it. `arrived_at`: the stream's own time stamp in epoch ms, if any."""

    sequence: int
    data: bytes
    arrived_at: EpochMs | None = None


class Record(NamedTuple):
    """A decoded raw record: one visitor's part of one request. Times are epoch milliseconds.

    `data`: the bytes it was decoded from, for a quick look; empty when unknown. `trusted_server`: a server of the shop
    sent it and showed a secret key.
    """

    sequence: int
    site: Site
    visitor_id: str
    visitor_kind: str
    received_at: EpochMs
    sent_at: EpochMs | None
    ip: str | None
    user_agent: str | None
    headers: dict[str, str | None]
    events: list[Event]
    data: bytes = b""
    trusted_server: bool = False

    @property
    def partition_key(self) -> str:
        """The key by which the stream spreads visitors over shards."""
        return f"{self.site.name}/{self.visitor_id}"


class Reject(Exception):  # noqa: N818 - it is a verdict, not an error of ours
    """Raised inside the pipeline, caught once at its boundary."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
