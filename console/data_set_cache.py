"""Data sets cached as tables until files come: the visuals of a dashboard ask the same view over and over."""

from analytics.athena_to_duckdb import to_duckdb
from analytics.duckdb_lake import Lake
from console.questions import Question


class DataSetCache:
    """Answers questions over a lake on DuckDB."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._tables: dict[str, str] = {}

    def sql(self, asked: Question) -> str:
        """The question's SQL over the cached table of its data set, which the first question makes."""
        if asked.data not in self._tables:
            name = f"cached_{len(self._tables)}"
            self._lake.database.execute(f"CREATE OR REPLACE TABLE {name} AS {to_duckdb(asked.data)}")
            self._tables[asked.data] = name
        return f"WITH data AS (SELECT * FROM {self._tables[asked.data]}) {asked.select}"  # noqa: S608 - our own names

    def forget(self) -> None:
        """Files came: every data set is made anew when it is asked for."""
        for name in self._tables.values():
            self._lake.database.execute(f"DROP TABLE {name}")
        self._tables.clear()
