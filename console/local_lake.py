"""The lake of a running local stack: files as Firehose wrote them, and the views over them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from analytics.duckdb_lake import Lake
from console.data_set_cache import DataSetCache
from console.questions import Question
from lake.objects import Fetched

MOST_ANSWERS = 200
ANSWER_SECONDS = 30.0
"""Answers are cached so long, or until files come: a page that is loaded again asks nothing twice."""


class LocalLake:
    """Views and single rows over the stack's files. Every question first takes in the files that are new."""

    def __init__(
        self, s3: Any, bucket: str, prefixes: dict[str, str], folder: Path, clock: Callable[[], float]
    ) -> None:
        """`prefixes`: the table's name → where its files lie. `clock`: seconds, of any start."""
        self._clock = clock
        self._lake = Lake()
        self._data_sets = DataSetCache(self._lake)
        self._fetched = {
            table: Fetched(s3, bucket, prefix, folder / table) for table, prefix in prefixes.items()
        }
        self._rejections = Rejections(s3, bucket, folder / "rejections")
        self._rejected = prefixes["rejected"]
        self._folder = folder
        self._answers: dict[tuple[str, int], list[dict[str, Any]]] = {}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer of a query in Athena's dialect."""
        self._take_in()
        key = (sql, int(self._clock() / ANSWER_SECONDS))
        if key not in self._answers:
            self._answers[key] = self._lake.rows(sql)
        return self._answers[key]

    def answer(self, asked: Question) -> list[dict[str, Any]]:
        """The answer of a dashboard's question, over its data set as it was when files came last."""
        self._take_in()
        return self.rows(asked.sql if asked.live else self._data_sets.sql(asked))

    def files_of(self, event_id: str) -> list[dict[str, Any]]:
        """The rows of an event, each with the file that holds it and its number in the file (from 0)."""
        self._take_in()
        files = [str(file) for file in self._fetched["enriched"].files]
        if not files:
            return []
        cursor = self._lake.with_tables.execute(
            "SELECT event_name, dt, hour, filename, file_row_number FROM read_parquet($files, filename = true,"
            " file_row_number = true, union_by_name = true, hive_partitioning = true) WHERE event_id = $id",
            {"files": files, "id": event_id},
        )
        names = [column[0] for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for row in found:
            row["filename"] = str(Path(row["filename"]).relative_to(self._folder))
        return found

    def new_rejections(self) -> list[tuple[str, dict[str, Any]]]:
        """The rows of the rejected files that came since the last call, each with the name of its file."""
        return self._rejections.new(self._rejected)

    def close(self) -> None:
        self._lake.close()

    def _take_in(self) -> None:
        for table, fetched in self._fetched.items():
            new = fetched.new()
            if new or len(self._answers) > MOST_ANSWERS:
                self._answers.clear()
            if new:
                self._data_sets.forget()
            self._lake.add(table, new)


class Rejections:
    """Rows of the rejected table's files, each file once."""

    def __init__(self, s3: Any, bucket: str, folder: Path) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._folder = folder
        self._fetched: dict[str, Fetched] = {}

    def new(self, prefix: str) -> list[tuple[str, dict[str, Any]]]:
        """The rows of the files under a prefix that came since the last call, each with the name of its file."""
        if prefix not in self._fetched:
            self._fetched[prefix] = Fetched(self._s3, self._bucket, prefix, self._folder)
        found = []
        with duckdb.connect() as database:
            for path in self._fetched[prefix].new():
                cursor = database.execute("SELECT * FROM read_parquet($file)", {"file": str(path)})
                names = [column[0] for column in cursor.description or ()]
                found += [(path.name, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
        return found
