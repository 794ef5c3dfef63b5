"""An enriched event: the columns of its own and the columns that it shares with other events, as one line of JSON.

Most columns of an event follow from its client, its page or its record, and repeat from event to event. They are
serialised once (docs/decisions/0045-shared-columns-are-written-once.md); how the pieces make one JSON object is known
here and nowhere else.
"""

from collections.abc import Callable
from typing import Any, NewType

import orjson

from enrich_consumer.core.record import Record, Row

Fragment = NewType("Fragment", bytes)
"""Columns, serialised to be a part of several lines. Made by `fragment` alone."""

EMPTY = Fragment(b"")
_END = b"}\n"


def fragment(columns: Row) -> Fragment:
    """The columns as a part of lines.

    Raises:
        TypeError: a value is no JSON.
    """
    return Fragment(b"," + orjson.dumps(columns)[1:-1]) if columns else EMPTY


def joined(*fragments: Fragment) -> Fragment:
    """Several fragments as one."""
    return Fragment(b"".join(fragments))


class EnrichedEvent:
    """One row of the enriched table. A column that is absent is null.

    `columns`: those of this event alone; enrichments and sessions fill them in place. No name may be in them and in a
    shared fragment too: the line would hold it twice.
    """

    __slots__ = ("_shared", "_shared_rows", "columns")

    def __init__(self, columns: Row, *shared: Fragment, rows: tuple[Row, ...] = ()) -> None:
        """`rows`: what the shared fragments were made from, as far as `get` has to know it; never changed."""
        self.columns = columns
        self._shared: tuple[bytes, ...] = shared
        self._shared_rows = rows

    def get(self, name: str) -> Any:
        """The value of a column of the event, its client or its page; None where it is null."""
        value = self.columns.get(name)
        if value is None:
            for row in self._shared_rows:
                value = row.get(name)
                if value is not None:
                    return value
        return value

    def to_line(self) -> bytes:
        """The event as a line of newline-delimited JSON.

        Raises:
            TypeError: a value is no JSON.
        """
        if not self._shared:
            return orjson.dumps(self.columns, option=orjson.OPT_APPEND_NEWLINE)
        return b"".join((orjson.dumps(self.columns)[:-1], *self._shared, _END))

    def all_columns(self) -> Row:
        """A new row of every column, the shared ones after the event's own."""
        return {**self.columns, **self._shared_columns()}

    def unshare(self) -> Row:
        """Make every column one of this event alone, so that each may be changed; returns `columns`."""
        self.columns.update(self._shared_columns())
        self._shared = ()
        self._shared_rows = ()
        return self.columns

    def _shared_columns(self) -> Row:
        found: Row = orjson.loads(b"{" + b"".join(self._shared)[1:] + b"}")
        return found


Enrich = Callable[[Record], list[EnrichedEvent]]
"""All enrichments in order: one enriched event for each event of the record, session columns still null. Raises
nothing but Reject."""
