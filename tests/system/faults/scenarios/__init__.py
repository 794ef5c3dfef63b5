"""What can go wrong, subject by subject."""

from tests.system.faults.play import Scenario
from tests.system.faults.scenarios import (
    backpressure,
    configuration,
    data,
    dependencies,
    machine,
    pairs,
    processes,
    shards,
    state,
)

ALL: tuple[Scenario, ...] = (
    *processes.SCENARIOS,
    *shards.SCENARIOS,
    *dependencies.SCENARIOS,
    *data.SCENARIOS,
    *configuration.SCENARIOS,
    *state.SCENARIOS,
    *machine.SCENARIOS,
    *pairs.SCENARIOS,
    *backpressure.SCENARIOS,
)


def named(names: list[str]) -> list[Scenario]:
    """Those whose names are these or begin with one of these, in this order; all without any."""
    found = [one for name in names or [""] for one in ALL if one.name.startswith(name)]
    return list(dict.fromkeys(found))
