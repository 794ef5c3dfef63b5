"""The lake of a deployed environment, by Athena. Each question costs what it reads."""

import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from console.lake_process import LakeError
from console.questions import Question

POLL_SECONDS = 0.5
MOST_SECONDS = 120.0
_TYPES: dict[str, Callable[[str], Any]] = {
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "double": float,
    "float": float,
    "real": float,
    "decimal": Decimal,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}
"""Athena's types whose values are not text, as Python's."""


class AthenaLake:
    """Asks Athena in a workgroup, which stops a query that would read too much."""

    def __init__(self, athena: Any, database: str, workgroup: str) -> None:
        self._athena = athena
        self._database = database
        self._workgroup = workgroup
        self.bytes_read = 0
        """By all questions so far."""
        self.queries = 0

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer of a SELECT.

        Raises:
            LakeError: with what Athena says.
        """
        if not isinstance(sqlglot.parse_one(sql, read="athena"), exp.Query):
            raise LakeError("only a SELECT")
        query = self._athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self._database},
            WorkGroup=self._workgroup,
        )["QueryExecutionId"]
        self.queries += 1
        self._wait(query)
        return self._answer(query)

    def answer(self, asked: Question) -> list[dict[str, Any]]:
        """The answer of a dashboard's question."""
        return self.rows(asked.sql)

    def files_of(self, event_id: str) -> list[dict[str, Any]]:
        """The rows of an event with the object that holds each; Athena knows no numbers of rows in files."""
        quoted = event_id.replace("'", "''")
        return self.rows(
            f"SELECT event_name, dt, hour, \"$path\" AS filename FROM enriched WHERE event_id = '{quoted}'"  # noqa: S608 - quoted
        )

    def close(self) -> None:
        """Nothing is open."""

    def _wait(self, query: str) -> None:
        deadline = time.monotonic() + MOST_SECONDS
        while True:
            found = self._athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            status = found["Status"]
            if status["State"] == "SUCCEEDED":
                self.bytes_read += int(found.get("Statistics", {}).get("DataScannedInBytes", 0))
                return
            if status["State"] in {"FAILED", "CANCELLED"}:
                raise LakeError(f"Athena: {status.get('StateChangeReason', status['State'])}")
            if time.monotonic() > deadline:
                raise LakeError(f"Athena did not answer within {MOST_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)

    def _answer(self, query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        columns: list[tuple[str, Callable[[str], Any]]] = []
        for page in self._athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
            answer = page["ResultSet"]
            lines = answer["Rows"]
            if not columns:
                columns = [
                    (info["Name"], _TYPES.get(info["Type"], str))
                    for info in answer["ResultSetMetadata"]["ColumnInfo"]
                ]
                lines = lines[1:]  # the first line of the first page is the head
            for line in lines:
                values = [cell.get("VarCharValue") for cell in line["Data"]]
                rows.append(
                    {
                        name: None if value is None else make(value)
                        for (name, make), value in zip(columns, values, strict=True)
                    }
                )
        return rows
