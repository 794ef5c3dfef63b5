"""Ends of sessions on the real KCL, through kill -9 in a batch and a split: each final row once per id."""

import json
import os
import signal
from collections import Counter, defaultdict

import pytest

from tests.system.kcl.daemons import wait_for
from tests.system.kcl.fleet import Fleet
from tests.system.kcl.load import FIRST_MS
from tests.system.kcl.undisturbed import final_rows

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.kcl,
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("RASTRO_SOAK") != "1", reason="long: RASTRO_SOAK=1 runs it"),
]

LONG_AFTER = FIRST_MS + 30 * 86_400_000
"""By then the load's day is over and nothing can join any session."""


def test_each_session_has_one_final_row_through_kills_and_a_split(resharding: Fleet) -> None:
    fleet, streams = resharding, resharding.streams
    fleet.put(300)
    daemon = fleet.start()
    fleet.has_all(daemon, daemon.started_at)
    low, _ = streams.open_shards()

    for _ in range(2):
        fleet.mid_batch(low["ShardId"])
        streams.tick(FIRST_MS + 60_000)  # behind the day: it changes nothing
        daemon.send_group(signal.SIGKILL)
        fleet.clear_fault("slow")
        daemon.wait_end()
        daemon = fleet.start()
        fleet.has_all(daemon, daemon.started_at)

    fleet.mid_batch(low["ShardId"])
    streams.split(low)
    daemon.send_group(signal.SIGKILL)  # before the parent's end was read
    fleet.clear_fault("slow")
    fleet.put(200)
    daemon.wait_end()
    daemon = fleet.start()
    fleet.has_all(daemon, daemon.started_at)
    fleet.put(100)
    streams.tick(LONG_AFTER)

    wanted = set(final_rows(streams))
    assert len(wanted) > 150
    assert {json.loads(line)["closed_by"] for line in wanted} == {"gap", "merge"}

    def left() -> set[bytes]:
        return wanted - set(streams.end_lines())

    wait_for(lambda: not left(), lambda: f"{len(left())} of {len(wanted)} final rows")
    fleet.settle("ends")
    lines = streams.end_lines()
    rows = [json.loads(line) for line in lines]
    finals = {line for line, row in zip(lines, rows, strict=True) if row["is_final"]}
    assert finals == wanted, f"{len(finals - wanted)} that an undisturbed run does not have"
    assert set(Counter(json.loads(line)["session_id"] for line in finals).values()) == {1}
    _check_revisions(lines)
    print(f"ends: {len(lines)} rows, {len(lines) - len(set(lines))} of them copies, {len(finals)} final")


def _check_revisions(lines: list[bytes]) -> None:
    """A row that came twice is the same byte for byte, and nothing has a higher revision than the final row."""
    of_id: defaultdict[str, set[bytes]] = defaultdict(set)
    newest: defaultdict[str, int] = defaultdict(int)
    final: dict[str, int] = {}
    for line in lines:
        row = json.loads(line)
        of_id[row["row_id"]].add(line)
        newest[row["session_id"]] = max(newest[row["session_id"]], row["revision"])
        if row["is_final"]:
            final[row["session_id"]] = row["revision"]
    assert {len(same) for same in of_id.values()} == {1}
    assert dict(newest) == final
