"""The acceptance list is fresh, and its commands name what exists."""

import re
from datetime import date

from tests.system.faults import scenarios
from website import acceptance


def test_the_page_is_fresh() -> None:
    assert acceptance.PAGE.read_text(encoding="utf-8") == acceptance.page(), (
        "run: python -m website.acceptance"
    )


def test_commands_name_files_and_targets_that_exist() -> None:
    make = (acceptance.ROOT / "Makefile").read_text(encoding="utf-8")
    for point in acceptance.points():
        for path in re.findall(r"\btests/[\w/.]+", point.command):
            assert (acceptance.ROOT / path).exists(), (point.name, path)
        for target in re.findall(r"\bmake ([a-z]+)", point.command):
            assert re.search(rf"^[a-z ]*\b{target}\b[a-z ]*:", make, re.MULTILINE), (point.name, target)


def test_the_fault_that_is_shown_is_one_and_has_its_alarm() -> None:
    command = next(point.command for point in acceptance.points() if point.name == "falhas")
    chosen = scenarios.named([command.split()[-1]])
    assert chosen, command
    assert all(scenario.alarms for scenario in chosen), "the control, or a fault that no alarm tells"


def test_a_result_is_the_line_that_tells_it_and_a_failure_is_one() -> None:
    point = acceptance.Point("a", "g", "s", "echo one; echo 3 passed; echo bye", "passed|failed", "aqui")
    assert acceptance.run(point, date(2026, 11, 29)) == acceptance.Result("2026-11-29", True, "3 passed")
    failed = acceptance.run(point._replace(command="echo 1 failed; false"), date(2026, 11, 29))
    assert failed == acceptance.Result("2026-11-29", False, "1 failed")
