"""The checks of labs that a student does twice or in another way than written: asked of small tables."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import duckdb
import pytest

from rastro.course import checks, faults
from rastro.course.lab_stack import LabStack
from rastro.terminal.errors import Problem

PARTS = ("page_view", "view_item", "add_to_cart", "begin_checkout")
DAY = 24 * 60


class Tables(LabStack):
    """`rows` asks these tables: events as (visitor, session, minutes since a midnight, event name), and merges."""

    def __init__(self, events: list[tuple[str, str, int, str]], merges: tuple[str, ...] = ()) -> None:
        super().__init__(Path(), Path())
        database = duckdb.connect()
        database.execute(
            "CREATE TABLE events (event_id INT, visitor_id TEXT, session_id TEXT, is_late BOOL, event_date DATE,"
            " event_name TEXT, page_path TEXT)"
        )
        database.execute("CREATE TABLE session_merges (visitor_id TEXT)")
        for number, (visitor, session, minutes, name) in enumerate(events):
            database.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, DATE '2026-11-29' + CAST(? AS INT), ?, '/minha-loja/')",
                [number, visitor, session, visitor.startswith("atrasada"), minutes // DAY, name],
            )
        for visitor in merges:
            database.execute("INSERT INTO session_merges VALUES (?)", [visitor])
        object.__setattr__(self, "database", database)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        found = self.database.execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def missing(findings: Any) -> list[str]:
    return [one.what for one in findings if not one.good]


def looks(*visits: tuple[str, str, tuple[str, ...]]) -> Tables:
    return Tables([(visitor, session, 600, name) for visitor, session, names in visits for name in names])


def test_a_shop_that_was_opened_twice_is_as_good_as_one_that_was_opened_once() -> None:
    assert not missing(checks.instrumented_shop(looks(("a", "s1", PARTS))))
    assert not missing(checks.instrumented_shop(looks(("a", "s1", PARTS), ("b", "s2", PARTS))))
    assert not missing(checks.instrumented_shop(looks(("a", "s1", PARTS[:1]), ("a", "s2", PARTS))))


def test_a_shop_whose_events_are_of_several_visitors_is_not_done() -> None:
    table = looks(("a", "s1", PARTS[:2]), ("b", "s2", PARTS[2:]))
    assert missing(checks.instrumented_shop(table)) == ["todos são de um visitante e de uma sessão"]


def visits(suffix: str = "", impatient: tuple[str, str] = ("i1", "i2")) -> list[tuple[str, str, int, str]]:
    return [
        (f"{visitor}{suffix}", f"{session}{suffix}", minutes, "page_view")
        for visitor, session, minutes in (
            ("atrasada", "a", 600),
            *(("fusao", "f", minutes) for minutes in (600, 620, 640)),
            ("coruja", "c", DAY - 10),
            ("coruja", "c", DAY + 10),
            ("pontual", "p", 600),
            ("pontual", "p", 630),
            ("impaciente", impatient[0], 600),
            ("impaciente", impatient[1], 630),
        )
    ]


def test_sessions_as_written_are_done_and_so_is_a_second_try_with_other_names() -> None:
    assert not missing(checks.sessions(Tables(visits(), ("fusao",))))
    spoiled = visits(impatient=("i1", "i1"))
    told = "`pontual` ficou em uma sessão e `impaciente` em duas"
    assert missing(checks.sessions(Tables(spoiled, ("fusao",)))) == [told]
    assert not missing(checks.sessions(Tables(spoiled + visits("2"), ("fusao", "fusao2"))))


def test_sessions_that_were_not_posted_are_missing() -> None:
    assert len(missing(checks.sessions(Tables([])))) == 4
    assert missing(checks.sessions(Tables(visits()))) == ["as duas sessões de `fusao` viraram uma"]


def test_a_check_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="rastro up --detach"):
        list(checks.first_event(LabStack(tmp_path, tmp_path)))


def test_a_lake_that_nothing_could_bring_back_is_not_lost(tmp_path: Path) -> None:
    """A new stack's landing is empty; the tables on the disk are the former stack's."""
    (tmp_path / "tables").mkdir()
    s3 = Mock()
    s3.get_paginator.return_value.paginate.return_value = [{}]

    class Empty(LabStack):
        def client(self, service: str) -> Any:
            return s3

    with pytest.raises(Problem, match="a landing está vazia"):
        faults.lose_the_lake(Empty(tmp_path, tmp_path, facts_of=lambda _: Mock()))
    assert (tmp_path / "tables").exists()
