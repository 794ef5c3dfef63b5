"""How many rows of the lake hold each event id of a run, and in which file it came first."""

import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from rastro.open_loop.destination import Destination
from rastro.terminal.errors import Problem

POLL_SECONDS, ASK_SECONDS = 1.0, 30.0


class LocalRows:
    """Reads the landing files themselves, each once."""

    def __init__(self, destination: Destination, mark: str, folder: Path) -> None:
        self._s3 = destination.client("s3")
        self._destination = destination
        self._mark = mark
        self._folder = folder
        self.counts: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        self._read: set[str] = set()

    def look(self, keys: Collection[str]) -> None:
        """Take in these objects; `first` holds for each event the key that held it first, in the order given."""
        for key in keys:
            if key in self._read:
                continue
            self._read.add(key)
            path = self._folder / "of-the-lake.parquet"
            self._s3.download_file(self._destination.bucket, key, str(path))
            ids = pq.read_table(path, columns=["event_id", "event_name"], partitioning=None).to_pylist()
            path.unlink()
            mine = [
                row["event_id"]
                for row in ids
                if row["event_id"].startswith(self._mark) and row["event_name"] != "session_merge"
            ]
            self.counts.update(mine)
            for name in mine:
                self.first.setdefault(name, key)


def on_athena(destination: Destination, mark: str, started: float) -> Counter[str]:
    """Asks the landing table for the ids of the run.

    Raises:
        Problem: what Athena says.
    """
    from infra.deploy import athena as workgroup  # noqa: PLC0415 - takes a while to import
    from infra.deploy.stacks import DeployError  # noqa: PLC0415 - as above
    from infra.environments import loader  # noqa: PLC0415 - as above

    environment = loader.read(destination.env)
    days = [f"{datetime.fromtimestamp(started, UTC) + timedelta(days=day):%Y-%m-%d}" for day in (0, 1)]
    sql = (
        "SELECT event_id, count(*) AS n FROM enriched"  # noqa: S608 - hex digits and dates of our own
        f" WHERE dt IN ('{days[0]}', '{days[1]}') AND event_id LIKE '{mark}%'"
        " AND event_name <> 'session_merge' GROUP BY event_id"
    )
    athena = destination.client("athena")
    try:
        query = workgroup.run(athena, environment, "Athena", sql)
    except DeployError as error:
        raise Problem(str(error)) from None
    counts: Counter[str] = Counter()
    head = True
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
        for row in page["ResultSet"]["Rows"]:
            name, number = (cell.get("VarCharValue", "") for cell in row["Data"])
            if not head:
                counts[name] = int(number)
            head = False
    return counts


def wait(
    look: Callable[[], Counter[str]],
    accepted: Collection[str],
    *,
    patience: float,
    every: float,
    report: Callable[[str], None],
) -> Counter[str]:
    """Look until all are there, or nothing new has come for `patience` seconds."""
    wanted = set(accepted)
    arrived, since = 0, time.monotonic()
    while True:
        counts = look()
        now = len(wanted & counts.keys())
        report(f"in the lake: {now:,} of {len(wanted):,} events")
        if now > arrived:
            arrived, since = now, time.monotonic()
        if now == len(wanted) or time.monotonic() - since > patience:
            return counts
        time.sleep(every)
