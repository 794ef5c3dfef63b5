"""The rows of a lake, so that two lakes can be compared byte for byte."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from analytics.duckdb_lake import Lake
from lake.objects import Fetched
from rastro.local.info import LocalStackInfo

NOT_COMPARED = ("raw_sequence", "dt", "hour", "written_session_id")
"""The record's number in a stream that is gone; the folder by the time of delivery; and the session as it was first
written, which depends on where a stream was cut into batches of arrival, and which the view resolves."""


class Rows(NamedTuple):
    """Rows of the view `events` by event id, as bytes."""

    by_event: dict[str, bytes]
    landed: int
    sessions: int

    @property
    def digest(self) -> str:
        """SHA-256 of all rows, sorted."""
        return hashlib.sha256(b"\n".join(sorted(self.by_event.values()))).hexdigest()

    def without(self, *columns: str) -> "Rows":
        def stripped(text: bytes) -> bytes:
            row = orjson.loads(text)
            return orjson.dumps({name: row[name] for name in row if name not in columns})

        return self._replace(by_event={event: stripped(text) for event, text in self.by_event.items()})

    def column(self, name: str) -> dict[str, Any]:
        return {event: orjson.loads(text)[name] for event, text in self.by_event.items()}


def read(s3: Any, facts: LocalStackInfo, folder: Path) -> Rows:
    """All that is in the lake now; `folder` is for copies and has to be empty."""
    files = Fetched(s3, facts.bucket, facts.enriched_prefix, folder).new()
    lake = Lake(files)
    rows = lake.rows("SELECT * FROM events")
    landed = lake.rows("SELECT count(*) AS n FROM enriched")[0]["n"]
    sessions = lake.rows("SELECT count(*) AS n FROM sessions")[0]["n"]
    lake.close()
    by_event = {
        row["event_id"]: orjson.dumps(
            {name: value for name, value in row.items() if name not in NOT_COMPARED}, default=str
        )
        for row in rows
    }
    return Rows(by_event, int(landed), int(sessions))


def differences(before: Rows, after: Rows) -> list[str]:
    """Event, column, and the value before and after, of every event that was there before."""
    found = []
    for event, text in before.by_event.items():
        if after.by_event.get(event, text) == text:
            continue
        old, new = orjson.loads(text), orjson.loads(after.by_event[event])
        found += [
            f"{event} {name}: {old.get(name)!r} → {new.get(name)!r}"
            for name in sorted(old | new)
            if old.get(name) != new.get(name)
        ]
    return found
