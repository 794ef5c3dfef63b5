"""Groups accepted events into raw records: one for the events of a visitor that share their context."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingest_lambda.events.raw_records import RequestContext, StreamRecord, records_of
from ingest_lambda.events.visitor import Visitor

DAY_MS = 24 * 3600 * 1000


@dataclass(slots=True)
class _Group:
    context: RequestContext
    events: list[bytes] = field(default_factory=list)
    latest: int = 0


@dataclass(slots=True)
class Groups:
    """The events of a request, grouped. `ids` are their ids in order."""

    ids: list[str] = field(default_factory=list)
    _groups: dict[tuple[Visitor, int, int], _Group] = field(default_factory=dict)

    def add(
        self, visitor: Visitor, context: RequestContext, event: dict[str, Any], stored: dict[str, Any]
    ) -> None:
        """Add one event, of which `stored` goes into the record. Equal contexts must be the same object."""
        self._group(visitor, context, 0).events.append(orjson.dumps(stored))
        self.ids.append(event["event_id"])

    def add_old(
        self, visitor: Visitor, context: RequestContext, event: dict[str, Any], stored: dict[str, Any]
    ) -> None:
        """The same for an event of long ago: each day is a group of its own."""
        ts = event["ts"]
        group = self._group(visitor, context, ts // DAY_MS)
        group.events.append(orjson.dumps(stored))
        # As if it had arrived when its last event happened: then every time in the record is taken as it is.
        group.latest = max(group.latest, ts)
        group.context = group.context._replace(received_at=group.latest, sent_at=None)
        self.ids.append(event["event_id"])

    def records(self) -> list[StreamRecord]:
        """The records of all groups, in the order in which they must be sent."""
        parts: Counter[Visitor] = Counter()
        records: list[StreamRecord] = []
        for (visitor, *_), group in self._groups.items():
            of_group = records_of(group.context, visitor, group.events, parts[visitor])
            parts[visitor] += len(of_group)
            records += of_group
        # A visitor's second part goes into a later call than the first: within a call Kinesis keeps no order.
        records.sort(key=lambda record: record.part)
        return records

    def _group(self, visitor: Visitor, context: RequestContext, day: int) -> _Group:
        key = (visitor, id(context), day)
        found = self._groups.get(key)
        if found is None:
            found = self._groups[key] = _Group(context)
        return found
