"""`rastro trace` waits until both streams were read as far as the event."""

from typing import Any

import pytest

from rastro.commands import trace


@pytest.mark.parametrize(
    ("stops", "enough"),
    [
        ([], False),
        ([("answer", "ok"), ("raw stream", "ok"), ("view", "ok")], True),
        ([("answer", "ok"), ("raw stream", "waiting")], False),
        ([("enriched stream", "ok"), ("view", "ok")], False),
    ],
)
def test_a_way_that_begins_in_its_middle_is_not_all_that_is_known(
    stops: list[tuple[str, str]], enough: bool
) -> None:
    found: dict[str, Any] = {
        "events": [{}],
        "stops": [{"stage": stage, "verdict": verdict} for stage, verdict in stops],
    }
    assert trace._settled(found) is enough
