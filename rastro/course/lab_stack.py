"""The stack that the checks of the course look at: local, with its tables, from this checkout."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from rastro.local import emulator, info
from rastro.terminal.errors import Problem


class Finding(NamedTuple):
    """One thing that was looked at: a sentence, whether it is so, and what to do if not."""

    what: str
    good: bool
    hint: str


@dataclass(frozen=True)
class LabStack:
    """`home`: the stack's folder; `root`: the checkout; `answer`: what the student says to the lab's question."""

    home: Path
    root: Path
    answer: str = ""
    facts_of: Callable[[Path], info.LocalStackInfo] = field(default=info.read)

    @cached_property
    def facts(self) -> info.LocalStackInfo:
        return self.facts_of(self.home)

    @cached_property
    def _lake(self) -> Any:
        if not (self.home / "tables" / "catalog.db").exists():
            if not (self.home / "local.json").exists():
                raise Problem("o stack não está no ar; ligue-o e faça os passos: rastro up --detach")
            raise Problem(f"não há tabelas em {self.home}; faça os passos, que as enchem com: rastro tables")
        from lake.iceberg import IcebergTables, open_tables  # noqa: PLC0415 - slow to import; most commands ask no table

        landing = {
            name: sorted((self.home / "lake" / name).rglob("*.parquet")) for name in ("enriched", "rejected")
        }
        return open_tables(IcebergTables(self.home / "tables"), landing["enriched"], landing["rejected"])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer of the tables, filled last by `rastro tables`."""
        found: list[dict[str, Any]] = self._lake.rows(sql)
        return found

    def count(self, what: str) -> int:
        """`count(*)` of `what`: a table with its condition."""
        return int(self.rows(f"SELECT count(*) AS n FROM {what}")[0]["n"])  # noqa: S608 - the course's own text

    def client(self, service: str) -> Any:
        """A client of the stack's emulator."""
        return emulator.client(self.facts.aws_endpoint, service)

    @property
    def diary(self) -> Path:
        """The file in which the course's own commands note what happened."""
        return self.home / "course.jsonl"
