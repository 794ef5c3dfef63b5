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
    """Those whose names are these or begin with one of these, in this order; all without any."""
    found = [one for name in names or [""] for one in ALL if one.name.startswith(name)]
    return list(dict.fromkeys(found))
