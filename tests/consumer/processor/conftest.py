"""A process of its own for each test; no pause is waited for."""

import pytest

from enrich_consumer.edges import kcl
from enrich_consumer.worker import EAGER
from tests.consumer.daemon_side import (
    done,
    initialize,
)
from tests.consumer.doubles import Shard
from tests.consumer.processor.in_memory import Child


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No test waits for the pauses between two tries."""
    pauses: list[float] = []
    monkeypatch.setattr(kcl.time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def child() -> Child:
    return Child(Shard(EAGER))


@pytest.fixture
def started(child: Child) -> Child:
    assert child.say(initialize()) == [done("initialize")]
    child.shard.effects.take()
    return child
