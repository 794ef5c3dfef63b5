"""The short form of the ledger of faults: three scenarios on one stack. `make faults` plays all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.faults import alarms
from tests.system.faults.play import Lakes, Scenario, one_line, play
from tests.system.faults.scenarios import ALL
from tests.system.faults.stage import Stage

SHORT = ("process-01-kill-processor", "raw-stream-throttle", "pair-05-firehose-and-s3-fail")

pytestmark = [pytest.mark.emulator, pytest.mark.kcl, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("faults")) as stage:
        yield stage


@pytest.fixture(scope="module")
def lakes(stage: Stage) -> Lakes:
    return Lakes(stage)


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_or_wrong_and_the_operator_knows(stage: Stage, lakes: Lakes, name: str) -> None:
    number, scenario = next((i, one) for i, one in enumerate(ALL) if one.name == name)
    # Which alarm fires is judged by `make faults`: on a machine that others share times say little.
    short: Scenario = scenario._replace(events=90, alarms=())
    result = play(stage, short, lakes, [], number)
    assert result.good, one_line(result)
    assert result.accepted
    assert not result.refused + result.unknown, "what was refused was sent again, and taken in the end"


def test_the_template_has_the_alarms_that_scenarios_expect() -> None:
    names = {alarm.name for alarm in alarms.read(alarms.templates())}
    assert {name for scenario in ALL for name in scenario.alarms} <= names


def test_every_result_is_of_a_scenario() -> None:
    from tests.system.faults.result import read

    assert {result.name for result in read(Path(__file__).parent / "results")} <= {one.name for one in ALL}
