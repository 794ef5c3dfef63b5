"""The observations of one event: its raw records, its enriched lines, its refusals, its answers. Pure.

All times are epoch milliseconds.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

MERGE = "session_merge"


class RawSeen(NamedTuple):
    """An event in a record of the raw stream. `context`: the record without its events."""

    shard: str
    sequence: str
    arrived_at: int
    context: dict[str, Any]
    event: dict[str, Any]


class EnrichedSeen(NamedTuple):
    """A line of the enriched stream. `arrived_at`: of its record."""

    shard: str
    sequence: str
    arrived_at: int
    columns: dict[str, Any]


class RejectedSeen(NamedTuple):
    """A row of the rejected table, and the object that holds it."""

    key: str
    row: dict[str, Any]


class AnswerSeen(NamedTuple):
    """A line of ingest's log about a request of which nothing was taken."""

    request_id: str
    at: int
    line: dict[str, Any]


@dataclass(slots=True)
class Story:
    """Everything seen of one event id, in the order in which it was seen."""

    event_id: str
    raw: list[RawSeen] = field(default_factory=list)
    enriched: list[EnrichedSeen] = field(default_factory=list)
    rejected: list[RejectedSeen] = field(default_factory=list)
    answers: list[AnswerSeen] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, Any]:
        """The enriched columns of the event itself; empty while it has none."""
        for line in self.enriched:
            if line.columns.get("event_name") != MERGE:
                return line.columns
        return {}

    @property
    def refusal(self) -> str | None:
        """The reason, where all that was seen of the event is a refusal."""
        if self.raw or self.enriched:
            return None
        if self.rejected:
            return str(self.rejected[0].row.get("reason"))
        return str(self.answers[-1].line.get("reason")) if self.answers else None


def keys_of_raw(context: dict[str, Any], event: dict[str, Any]) -> set[str]:
    """What a raw event may be asked for by, beside its id."""
    ecommerce = event.get("ecommerce")
    order = ecommerce.get("transaction_id") if isinstance(ecommerce, dict) else None
    properties = event.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    names = ("message_id", "messageId", "original_event_id", "event_id")
    own = [properties.get(name) for name in names]
    # An id that was no UUID, as the client gave it: ingest derived the event's own from it.
    original = properties.get("original")
    own.append(original.get("event_id") if isinstance(original, dict) else None)
    return _texts(context.get("visitor_id"), event.get("user_id"), order, *own)


def keys_of_line(columns: dict[str, Any]) -> set[str]:
    """What an enriched line may be asked for by, beside its id."""
    names = ("visitor_id", "user_id", "transaction_id", "session_id", "merged_session_id")
    return _texts(*(columns.get(name) for name in names))


def _texts(*values: Any) -> set[str]:
    return {str(value) for value in values if isinstance(value, str | int) and value != ""}
