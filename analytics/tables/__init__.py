"""The Iceberg tables, and the statements that fill them from the landing table, as SQL for Athena.

The views `events`, `refunds`, `orders` and `sessions` say what is in the tables of these names; each statement here
puts that right for the rows that arrived in one window, without reading the whole history. Every statement is atomic
and may be repeated; the order matters, a kill between two of them does not: the window's next run goes on. Why each
reads what it reads: docs/tables.md.
"""

from analytics.tables.fill import fill
from analytics.tables.model import (
    LANDING,
    LONGEST_DAYS,
    MARGIN_DAYS,
    Statement,
    Table,
    Window,
    filled_in,
    hour_window,
)
from analytics.tables.night import WINDOWS_OF_DAY, far_copies, late_refunds, refreshed
from analytics.tables.schema import tables

__all__ = [
    "LANDING",
    "LONGEST_DAYS",
    "MARGIN_DAYS",
    "WINDOWS_OF_DAY",
    "Statement",
    "Table",
    "Window",
    "far_copies",
    "fill",
    "filled_in",
    "hour_window",
    "late_refunds",
    "refreshed",
    "tables",
]
