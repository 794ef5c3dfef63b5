"""What can go wrong, subject by subject."""

from tests.system.faults.play import Scenario
from tests.system.faults.scenarios import backpressure, conditions, dependencies, pairs, processes, shards

ALL: tuple[Scenario, ...] = (
    *processes.SCENARIOS,
    *shards.SCENARIOS,
    *dependencies.SCENARIOS,
    *conditions.SCENARIOS,
    *pairs.SCENARIOS,
    *backpressure.SCENARIOS,
)


def named(names: list[str]) -> list[Scenario]:
    """Those of these names, or whose names begin with one of them; all without any."""
    return [one for one in ALL if not names or any(one.name.startswith(name) for name in names)]
