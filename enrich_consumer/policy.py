"""Decides when a worker puts, flushes, checkpoints and snapshots."""

from typing import NamedTuple


class Policy(NamedTuple):
    """`flush_events`: lines and rejected rows that wait. `*_seconds`: of the clock that the worker is given.
    `snapshot_saves`: saves between two snapshots.

    `put_seconds`: between two puts (None: only at a flush), so that in quiet hours an event leaves with the batch that
    brought it, and under load many leave together. A flush, which puts what is left and saves the state, costs a
    write to the store and so comes less often. Repeated by the next owner after a crash, an early put gives the same
    bytes as any other.
    """

    flush_events: int = 10_000
    flush_seconds: float = 5.0
    checkpoint_seconds: float = 5.0
    snapshot_saves: int = 60
    put_seconds: float | None = 0.25


EAGER = Policy(flush_events=1, flush_seconds=0, checkpoint_seconds=0, snapshot_saves=3)
"""Every effect as early as it can be: for tests and small local runs."""
