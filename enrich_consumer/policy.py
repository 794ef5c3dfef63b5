"""When a worker flushes, checkpoints and snapshots."""

from typing import NamedTuple


class Policy(NamedTuple):
    """`flush_events`: lines and rejected rows that wait. `*_seconds`: of the clock that the worker is given.
    `snapshot_saves`: saves between two snapshots."""

    flush_events: int = 10_000
    flush_seconds: float = 5.0
    checkpoint_seconds: float = 5.0
    snapshot_saves: int = 60


EAGER = Policy(flush_events=1, flush_seconds=0, checkpoint_seconds=0, snapshot_saves=3)
"""Every effect as early as it can be: for tests and small local runs."""
