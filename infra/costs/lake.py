"""The month's bill of the lake: the questions, the jobs and what they leave on the bucket, before and after the tables.

Bytes for each event come from `python -m benchmarks lake` (questions) and from the statements on a Trino (jobs); where
each was seen stands beside it. Everything grows in line with the events, as those measurements did.
"""

from typing import NamedTuple

MONTH_DAYS = 30.4
SCHEDULED_HOURS = 24 * MONTH_DAYS
LOADS = (1e6, 10e6, 100e6)
"""Events a day."""


class PerRow(NamedTuple):
    """Bytes for each row, unless it says otherwise."""

    before_refresh: float = 4500.0  # all data sets once, each row of the history: on a Trino, 13 data sets
    after_refresh: float = (
        460.0  # the same over the tables: on a Trino; `benchmarks lake` has 313 for 13 views
    )
    joined: float = (
        130.0  # of the history, at each refresh, by views that join sessions: `benchmarks lake`, see `most`
    )
    fill: float = (
        9600.0  # one landed row through the statements of its hour: 240 MB for 25,000 rows, on a Trino
    )
    night: float = (
        0.35  # of `events`, rewritten by OPTIMIZE over nine days, as a share of their bytes a day: assumed
    )
    table_bytes: float = 103.0  # a row in the tables, all of them together, zstd: `benchmarks lake`
    nightly_sets: float = 40.0  # `retention` and `baskets`, each row of the history: `benchmarks lake`, 39


MEASURED = PerRow()
LOOK_BACK_DAYS = 3
REFRESHES_BEFORE = REFRESHES_AFTER = SCHEDULED_HOURS


class LakeBill(NamedTuple):
    """Terabytes read in a month, by what reads them; gigabytes that lie in the tables after a year.

    `most_tb`: more for the dashboards if the engine cuts no days of `sessions` by what it found in the other side of a
    join. Trino says that it does (dynamic filters); DuckDB does not, and Athena was not asked.
    """

    before_tb: float
    dashboards_tb: float
    jobs_tb: float
    stored_gb: float
    most_tb: float

    def usd(self, price: dict[str, float]) -> tuple[float, float]:
        """Before, after: US dollars a month."""
        after = (self.dashboards_tb + self.jobs_tb) * price["athena_tb"] + self.stored_gb * price[
            "s3_gb_month"
        ]
        return self.before_tb * price["athena_tb"], after


def bill(events_a_day: float, history_days: float = 365.0, each: PerRow = MEASURED) -> LakeBill:
    """Of a month after `history_days` of history, dashboards refreshed each hour."""
    history = events_a_day * history_days
    before = history * each.before_refresh * REFRESHES_BEFORE
    fresh = events_a_day * LOOK_BACK_DAYS * each.after_refresh * REFRESHES_AFTER
    weekly = history * each.after_refresh * MONTH_DAYS / 7
    nightly = history * each.nightly_sets * MONTH_DAYS
    fill = events_a_day * MONTH_DAYS * each.fill * 2  # each hour, and the day once more at night
    optimize = events_a_day * 9 * each.table_bytes * each.night * MONTH_DAYS
    most = history * each.joined * REFRESHES_AFTER
    return LakeBill(
        before / 1e12,
        (fresh + weekly + nightly) / 1e12,
        (fill + optimize) / 1e12,
        history * each.table_bytes / 1e9,
        most / 1e12,
    )
