"""Refusals, counted as they come: by site, reason and field, each with its newest example. Pure."""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_GROUPS = 300
"""The group that was quiet for longest is forgotten first."""
EXAMPLE_BYTES = 100_000
"""A longer payload is no example; it stands in the rejected table."""


class Subject(NamedTuple):
    """What refusals have in common. `stage`: request, ingest or enrich. `field`: empty where the detail names none."""

    site: str
    reason: str
    stage: str
    field: str


@dataclass(slots=True)
class Group:
    """`row`: the newest, as the rejected table has it, or ingest's log line of a whole request. Times: epoch ms."""

    subject: Subject
    count: int = 0
    first_at: int = 0
    last_at: int = 0
    row: dict[str, Any] = field(default_factory=dict)


class Refusals:
    """The groups; the one that grew last stands last."""

    def __init__(self) -> None:
        self._groups: OrderedDict[Subject, Group] = OrderedDict()

    def take(self, subject: Subject, at: int, row: dict[str, Any]) -> None:
        """Count a refusal."""
        group = self._groups.setdefault(subject, Group(subject, first_at=at))
        self._groups.move_to_end(subject)
        group.count += 1
        group.first_at, group.last_at = min(group.first_at, at), max(group.last_at, at)
        if len(str(row.get("payload") or "")) > EXAMPLE_BYTES:
            row = row | {"payload": "", "payload_encoding": None}
        group.row = row
        while len(self._groups) > MOST_GROUPS:
            self._groups.popitem(last=False)

    def groups(self) -> list[Group]:
        """The most frequent first."""
        return sorted(self._groups.values(), key=lambda group: -group.count)


def subject_of_row(row: dict[str, Any]) -> Subject:
    """The refusal in a row of the rejected table."""
    detail = str(row.get("detail") or "")
    return Subject(
        str(row.get("site") or ""), str(row.get("reason")), str(row.get("stage") or ""), field_of(detail)
    )


def subject_of_answer(line: dict[str, Any]) -> Subject:
    """The refusal in a line of ingest's log: a request of which nothing was taken."""
    return Subject(str(line.get("Site") or ""), str(line.get("reason")), "request", "")


def field_of(detail: str) -> str:
    """The field that a detail names: `page.url: ...` or `"event": ...`; empty where it names none."""
    found = re.match(r'"?([A-Za-z_][\w.\[\]]*)"?(?=:| )', detail)
    if not found:
        return ""
    return found[1] if "." in found[1] or detail[found.end() :].startswith(":") else ""
