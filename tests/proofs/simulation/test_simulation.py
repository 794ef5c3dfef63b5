"""Invariants I1 to I7 under every fault; and proof that the simulation would notice if they broke."""

import os

import pytest

from tests.proofs.simulation.__main__ import many
from tests.proofs.simulation.faults import EFFECTS, Fault
from tests.proofs.simulation.invariants import BrokenError
from tests.proofs.simulation.mutations import MUTATIONS, Mutation

HISTORIES = int(os.environ.get("RASTRO_SIMULATIONS", "500"))
ENOUGH = 400
"""Histories within which each mistake must show."""


def test_no_fault_breaks_an_invariant_and_every_fault_fires() -> None:
    fired = many(0, HISTORIES)
    kinds = {fault for fault in Fault if not fired[fault]}
    assert not kinds
    for moment in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER):
        assert not [effect for effect in EFFECTS if not fired[f"{moment} {effect}"]]
    assert fired["poison pill"] > 0


def test_a_damaged_log_stops_a_shard_or_is_made_good_but_never_splits_a_session() -> None:
    fired = many(0, HISTORIES // 2, damage=True)
    assert {f"blob {kind}" for kind in ("altered", "cut", "lost")} <= fired.keys()
    assert any(name.startswith("stopped by") for name in fired)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_is_noticed(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation.apply(monkeypatch)
    with pytest.raises(BrokenError):
        many(0, ENOUGH, damage=mutation.damage)
