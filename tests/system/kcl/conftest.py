"""The fleets under fault, and the table of measured times at the end of a run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.kcl.fleet import Fleet
from tests.system.kcl.kinesis_local import KinesisLocal

Measure = Callable[[str, float], None]

TIMES = "recovery"


@pytest.fixture(scope="module")
def fleet(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One application on two shards, shared by a module: each test asks for the daemons it needs."""
    with Fleet(emulator, tmp_path_factory.mktemp("fleet"), seed=20260101) as fleet:
        yield fleet


@pytest.fixture
def resharding(emulator: str, tmp_path: Path) -> Iterator[Fleet]:
    """The same with its streams on an emulator that can split and merge shards."""
    with (
        KinesisLocal(tmp_path / "kinesis-local") as kinesis,
        Fleet(emulator, tmp_path / "fleet", seed=20260102, kinesis_endpoint=kinesis.endpoint) as fleet,
    ):
        yield fleet


@pytest.fixture
def measure(record_property: Callable[[str, object], None]) -> Measure:
    """Note a measured time in seconds; the run prints all of them at its end."""

    def note(what: str, seconds: float) -> None:
        record_property(TIMES, (what, seconds))

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    measured = [
        value
        for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
        for name, value in getattr(report, "user_properties", [])
        if name == TIMES and report.when == "call"
    ]
    if measured:
        terminalreporter.section("measured recovery times")
        for what, seconds in measured:
            terminalreporter.write_line(f"{seconds:6.1f} s  {what}")
