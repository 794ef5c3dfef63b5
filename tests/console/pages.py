"""A console over a planned load, without a server: what the streams held, and the Parquet of it."""

import json
import threading
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from analytics.duckdb_lake import Lake
from console.app import application
from console.data_set_cache import DataSetCache
from console.questions import Question
from console.source import Source
from console.store import Store
from console.tails import Tails
from tests.analytics import flow
from tests.support.lake_snapshot import Snapshot
from tests.support.raw_records import raw_record

NOW = 1_795_296_000_000
SHARD = "shardId-000000000000"


class FileLake:
    """The views over files of a folder."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._data_sets = DataSetCache(self.lake)
        self._lock = threading.Lock()
        self._answers: dict[str, list[dict[str, Any]]] = {}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self._lock:
            if sql not in self._answers:
                self._answers[sql] = self.lake.rows(sql)
            return self._answers[sql]

    def close(self) -> None:
        self.lake.close()

    def answer(self, asked: Question) -> list[dict[str, Any]]:
        with self._lock:
            sql = asked.sql if asked.live else self._data_sets.sql(asked)
        return self.rows(sql)

    def files_of(self, event_id: str) -> list[dict[str, Any]]:
        found = self.lake.database.execute(
            "SELECT event_name, dt, hour FROM enriched WHERE event_id = $id", {"id": event_id}
        ).fetchall()
        return [
            {
                "event_name": name,
                "dt": dt,
                "hour": hour,
                "filename": "enriched/part.parquet",
                "file_row_number": 0,
            }
            for name, dt, hour in found
        ]


def source(run: flow.Flow, folder: Path) -> Source:
    """What the console would have read of a run."""
    tails = Tails(Store())
    for number, row in enumerate(run.rows):
        tails.store.take_enriched(SHARD, str(number), NOW, row)
    for number, row in enumerate(run.rejected):
        tails.store.take_rejected(f"part-{number}.parquet", NOW, row)
    files = flow.write_parquet(run.rows, folder), flow.write_rejected(run.rejected, folder)
    return Source(
        "local",
        tails,
        FileLake(Snapshot(*files)),
        lambda: {"Processes": [{"process": "consumer"}]},
        lambda: NOW,
    )


def client(of: Source, token: str | None = None) -> TestClient:
    return TestClient(application(of, token), follow_redirects=False, base_url="http://127.0.0.1")


def raw(event: dict[str, Any]) -> dict[str, Any]:
    return raw_record(event, visitor_id=event.get("visitor_id", "v1"), received_at=NOW)


def dumps(value: Any) -> str:
    return json.dumps(value, default=str)
