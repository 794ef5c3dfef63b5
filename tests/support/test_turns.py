"""The order of test files names what is there, and lets only so many wait at once."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import turns

TESTS = Path(__file__).resolve().parents[1]
ENGINES = ("storefront in firefox", "storefront in webkit")


@pytest.mark.parametrize("place", [*turns.WAITS, *turns.LONG])
def test_every_place_of_the_order_is_there(place: str) -> None:
    assert place in ENGINES or (TESTS.parent / place).exists()


def test_one_engine_shows_its_tests_together() -> None:
    assert turns.group("tests/storefront/test_pages.py::test_x[webkit]") == "storefront in webkit"
    assert turns.group("tests/storefront/test_walk.py::test_x[True-firefox-1]") == "storefront in firefox"
    assert turns.group("tests/storefront/test_pages.py::test_x[chromium]") == "tests/storefront/test_pages.py"
    assert turns.group("tests/console/test_browser.py::test_x[firefox]") == "tests/console/test_browser.py"


def schedule(queue: list[str], **assigned: dict[str, bool]) -> Any:
    """Node → its groups, and whether all of their tests are done."""
    work = {
        node: {name: {"test": done} for name, done in groups.items()} for node, groups in assigned.items()
    }
    return SimpleNamespace(workqueue=dict.fromkeys(queue), assigned_work=work)


LABS, FAULTS, FLOW = (
    "tests/course/test_labs.py",
    "tests/system/kcl/test_faults.py",
    "tests/system/flow/test_console.py",
)
TABLES, SHORT = "tests/lake/test_tables.py", "tests/schemas/test_sites.py"


def test_what_waits_begins_first_and_the_longest_of_it_before_all() -> None:
    assert turns.Together._next(schedule([SHORT, FLOW, FAULTS, LABS]), "a") == LABS
    assert (
        turns.Together._next(schedule([SHORT, FLOW, TABLES], b={LABS: False}, c={FAULTS: False}), "a") == FLOW
    )


BUSY = {f"other {n}": {place: False} for n, place in enumerate(turns.WAITS[: turns.AT_ONCE])}


def test_beside_as_many_as_may_wait_at_once_something_computes() -> None:
    assert turns.Together._next(schedule([SHORT, FLOW, TABLES], **BUSY), "a") == TABLES
    one_is_done = BUSY | {"other 1": {turns.WAITS[1]: True, SHORT: False}}
    assert turns.Together._next(schedule([SHORT, FLOW, TABLES], **one_is_done), "a") == FLOW


def test_where_nothing_else_is_left_they_wait_together() -> None:
    assert turns.Together._next(schedule([FLOW], **BUSY), "a") == FLOW
