"""The random walk, short: its ledger balances in each engine, in private mode too. The long one: `make soak`."""

import pytest

from tests.storefront import engines
from tests.storefront.walk import walk


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "private"), [("chromium", False), ("firefox", True), ("webkit", True)])
def test_every_event_arrives_once_or_is_counted(engine: str, private: bool):
    reason = engines.missing(engine)
    if reason:
        pytest.skip(reason)
    ledger = walk(engine, events=300, seed=7, seconds=15, private=private)
    assert ledger.fired > 0
    assert (ledger.lost, ledger.twice, ledger.surplus) == (0, 0, 0), ledger
