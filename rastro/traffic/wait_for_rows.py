"""Wait until what the ingest API accepted is in Parquet."""

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from analytics.duckdb_lake import Lake
from lake.objects import Fetched
from rastro.local.info import LocalStackInfo

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
"""Without anything new for so long, what is missing counts as lost."""
QUIET_POLLS = 3
"""Polls without a new file after the last event: rows of merges may follow their events."""


class Watch:
    """Brings new Parquet files here and knows which event ids they hold."""

    def __init__(self, s3: Any, facts: LocalStackInfo, folder: Path) -> None:
        self.lake = Lake()
        self._enriched = Fetched(s3, facts.bucket, facts.enriched_prefix, folder / "enriched")
        self._rejected = Fetched(s3, facts.bucket, facts.rejected_prefix, folder / "rejected")

    @property
    def files(self) -> int:
        return len(self._enriched.files)

    @property
    def enriched_files(self) -> list[Path]:
        """Files of the landing table, brought here so far."""
        return list(self._enriched.files)

    def look(self) -> bool:
        """Take in what is new; whether there was anything."""
        fresh = {"enriched": self._enriched.new(), "rejected": self._rejected.new()}
        for table, files in fresh.items():
            self.lake.add(table, files)
        return any(fresh.values())

    def event_ids(self) -> list[str]:
        """The ids of every row that is an event, copies too."""
        query = "SELECT event_id FROM enriched WHERE event_name <> 'session_merge'"
        return [row["event_id"] for row in self.lake.rows(query)]

    def rejected(self) -> int:
        """Rows of the rejected table."""
        return int(self.lake.rows("SELECT count(*) AS n FROM rejected")[0]["n"])


def wait_for(
    watch: Watch,
    accepted: Collection[str],
    *,
    rejected: int,
    patience: float,
    check: Callable[[], None],
    report: Callable[[str], None],
) -> bool:
    """Look every second until all `accepted` ids and `rejected` rows are there; whether they came.

    Gives up when nothing new came for `patience` seconds. `check` may raise when a process has died.
    """
    wanted = set(accepted)
    quiet_since = time.monotonic()
    quiet_polls = 0
    arrived: set[str] = set()
    refused = 0
    while True:
        check()
        if watch.look():
            quiet_since = time.monotonic()
            quiet_polls = 0
            arrived = wanted.intersection(watch.event_ids())
            refused = watch.rejected()
        quiet_polls += 1
        report(f"in Parquet: {len(arrived)} of {len(wanted)} events, {watch.files} files")
        complete = len(arrived) == len(wanted) and refused >= rejected
        if complete and quiet_polls > QUIET_POLLS:
            return True
        if time.monotonic() - quiet_since > patience:
            return complete
        time.sleep(POLL_SECONDS)
