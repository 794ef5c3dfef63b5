"""What the jobs of the Iceberg tables are billed: transitions of Step Functions, bytes that Athena's statements read.

Transitions and statements are counted from the machines' own statements. Bytes are reckoned: a statement of a window
reads the columns it needs of the landing rows once, a MERGE the keys of the days it may touch.
"""

from functools import cache
from typing import NamedTuple

from infra.costs.load import PerEvent

HOURS, NIGHTS, WEEKS = 730.0, 730.0 / 24, 730.0 / 24 / 7
SMALLEST = 10e6
"""Bytes that Athena bills at least for a statement that reads data; DDL is free."""
LANDING_SHARE = 0.6
"""Of a landing row's bytes, which a statement reads: Parquet is read by column."""
KEYS_SHARE = 0.15
"""Of a table's bytes: the columns that MERGE joins by."""
DAYS_JOINED = 2
WINDOWS_A_NIGHT = 3
"""The day itself, and two earlier days that late events belong to; an assumption."""


class Runs(NamedTuple):
    """Of one month."""

    transitions: float
    statements: float
    athena_bytes: float


class _Machines(NamedTuple):
    window: int
    hour: int
    night: int
    week: int


@cache
def _machines() -> _Machines:
    """States on each way; a Map adds one transition for each item and its own."""
    from analytics.tables import far_copies, fill, late_refunds, refreshed, tables  # noqa: PLC0415 - reads all SQL

    found = 4  # which, windows, rows, map
    night = len(list(late_refunds())) + len(list(refreshed())) + 2 * len(list(tables()))
    return _Machines(
        window=len(list(fill())) + 1,
        hour=found,
        night=found + 1 + night,
        week=found + 1 + len(list(far_copies())) + night,
    )


def month(events: float, each: PerEvent) -> Runs:
    """Every hour one window, every night the day again in its windows, every week the same once more."""
    of = _machines()
    windows = HOURS + (NIGHTS + WEEKS) * WINDOWS_A_NIGHT
    transitions = (
        HOURS * of.hour + NIGHTS * of.night + WEEKS * of.week + windows * (of.window + 2)
    )  # + 2: the item, and the state that waits for its run
    statements = windows * of.window + NIGHTS * of.night + WEEKS * of.week + HOURS
    day = events / NIGHTS * each.parquet_bytes
    merged = of.window * KEYS_SHARE * DAYS_JOINED * day
    hourly = HOURS * max(SMALLEST * of.window, of.window * LANDING_SHARE * day / 24 + merged)
    nightly = (NIGHTS + WEEKS) * max(
        SMALLEST * of.window * WINDOWS_A_NIGHT, of.window * LANDING_SHARE * day + merged * WINDOWS_A_NIGHT
    )
    return Runs(transitions, statements, hourly + nightly + NIGHTS * day)
