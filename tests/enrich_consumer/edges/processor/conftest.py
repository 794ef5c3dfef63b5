"""A process of its own for each test; no pause is waited for."""

import pytest

from enrich_consumer.edges.kcl import processor
from enrich_consumer.policy import EAGER
from tests.enrich_consumer.edges.processor.in_memory import Child
from tests.support.consumer_doubles import Shard
from tests.support.daemon_side import done, initialize


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No test waits for the pauses between two tries."""
    pauses: list[float] = []
    monkeypatch.setattr(processor.time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def child() -> Child:
    return Child(Shard(EAGER))


@pytest.fixture
def started(child: Child) -> Child:
    assert child.say(initialize()) == [done("initialize")]
    child.shard.effects.take()
    return child
