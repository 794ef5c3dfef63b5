"""The lake of a running local stack: files as Firehose wrote them, and the views over them."""

import threading
from pathlib import Path
from typing import Any

from analytics.duckdb_lake import Lake
from lake.objects import Fetched


class LocalLake:
    """Views and single rows over the stack's files. Every question first takes in the files that are new."""

    def __init__(self, s3: Any, bucket: str, prefixes: dict[str, str], folder: Path) -> None:
        """`prefixes`: the table's name → where its files lie."""
        self._lock = threading.Lock()
        self._lake = Lake()
        self._fetched = {
            table: Fetched(s3, bucket, prefix, folder / table) for table, prefix in prefixes.items()
        }
        self._folder = folder

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer of a query in Athena's dialect."""
        with self._lock:
            self._take_in()
            return self._lake.rows(sql)

    def files_of(self, event_id: str) -> list[dict[str, Any]]:
        """The rows of an event, each with the file that holds it and its number in the file (from 0)."""
        with self._lock:
            self._take_in()
            files = [str(file) for file in self._fetched["enriched"].files]
            if not files:
                return []
            cursor = self._lake.database.execute(
                "SELECT event_name, dt, hour, filename, file_row_number FROM read_parquet($files, filename = true,"
                " file_row_number = true, union_by_name = true, hive_partitioning = true) WHERE event_id = $id",
                {"files": files, "id": event_id},
            )
            names = [column[0] for column in cursor.description or ()]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for row in found:
            row["filename"] = str(Path(row["filename"]).relative_to(self._folder))
        return found

    def newest_files(self, most: int) -> list[str]:
        """The names of the files that came last."""
        with self._lock:
            files = self._fetched["enriched"].files[-most:]
        return [str(file.relative_to(self._folder)) for file in reversed(files)]

    def close(self) -> None:
        self._lake.close()

    def _take_in(self) -> None:
        for table, fetched in self._fetched.items():
            self._lake.add(table, fetched.new())
