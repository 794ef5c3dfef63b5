"""The types of the statements: tables, windows, one statement."""

from datetime import date, timedelta
from typing import NamedTuple

from analytics.athena_dialect import without_comments

LANDING = "enriched"
LONGEST_DAYS = 1
"""The longest session of any site, in days: `session.max_length_minutes` of the sites document, default one day."""
NEAR_DAYS = 1
"""How far the event times of two copies may lie apart for the hourly run to see them; others are `far_copies`."""
CHANGED_DAYS = NEAR_DAYS + LONGEST_DAYS
"""How far outside of the window's days a session may lie that the window's rows change."""
MARGIN_DAYS = CHANGED_DAYS + LONGEST_DAYS
"""How far outside of the window's days such a session may reach."""


class Table(NamedTuple):
    """An Iceberg table. `columns`: names and types in Athena's words; `partition`: a day; None where it stays small."""

    name: str
    columns: dict[str, str]
    partition: str | None


class Window(NamedTuple):
    """What one run fills: rows that arrived on `dt` (UTC) from `first_hour` to `last_hour` and happened from the
    day `since` to the day `until` of their site, all included."""

    dt: str
    first_hour: int
    last_hour: int
    since: date
    until: date


class Statement(NamedTuple):
    """One MERGE into `table`; `sql` has the placeholders of a window: `:dt`, `:first_hour`, `:last_hour`,
    `:since`, `:until`."""

    name: str
    table: str
    sql: str

    def of(self, window: Window) -> str:
        """The statement for one window."""
        return filled_in(self.sql, window)


def filled_in(sql: str, window: Window) -> str:
    """`sql` with the values of the window for its names."""
    for name, value in window._asdict().items():
        sql = sql.replace(f":{name}", str(value))
    return sql


def hour_window(dt: str, hour: int) -> Window:
    """The hourly run: what happened on the day before, that day and the next (time zones, clocks). Rows that
    happened earlier are the nightly run's."""
    day = date.fromisoformat(dt)
    return Window(dt, hour, hour, day - timedelta(days=1), day + timedelta(days=1))


def statement(name: str, table: str, sql: str) -> Statement:
    """The statement without comments, as it is sent."""
    return Statement(name, table, without_comments(sql))
