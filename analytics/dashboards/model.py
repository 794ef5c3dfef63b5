"""The types that describe dashboards: what a shop needs, not all that QuickSight offers.

A column is named by its name; the data set is that of the visual.
"""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Type of a data set's column, in QuickSight's words."""

    TEXT = "STRING"
    WHOLE = "INTEGER"
    NUMBER = "DECIMAL"
    TIME = "DATETIME"


class DataSet(NamedTuple):
    """A query on the views. `columns`: names and kinds, in the order of the query.

    `live`: asked anew at each look; others are kept in QuickSight and renewed every hour,
    the last days of them, where the first time is `day`, else every night.
    """

    name: str
    sql: str
    columns: dict[str, Kind]
    live: bool = False

    @property
    def when(self) -> str | None:
        """The column that a date filter narrows: the first time."""
        return next((name for name, kind in self.columns.items() if kind is Kind.TIME), None)


class Total(NamedTuple):
    """The sum of a column."""

    column: str


class Distinct(NamedTuple):
    """How many different values a column has."""

    column: str


class Latest(NamedTuple):
    """The greatest value of a number."""

    column: str


class Ratio(NamedTuple):
    """Sum of one column by the sum of another, for example orders by sessions."""

    name: str
    above: str
    below: str


Measure = Total | Distinct | Latest | Ratio


class Kpi(NamedTuple):
    """One big number, with its course over time where the data set has a time."""

    title: str
    data: str
    measure: Measure


class LineChart(NamedTuple):
    """Lines over time; `by` makes a line of each value."""

    title: str
    data: str
    measures: tuple[Measure, ...]
    by: str | None = None
    grain: str = "DAY"


class BarChart(NamedTuple):
    """The greatest `most` values of a column, longest first; `by` splits each bar."""

    title: str
    data: str
    column: str
    measures: tuple[Measure, ...]
    by: str | None = None
    most: int = 20


class PieChart(NamedTuple):
    """Parts of a whole."""

    title: str
    data: str
    column: str
    measure: Measure


class FunnelChart(NamedTuple):
    """A funnel: the values of `column` in the order of `order`."""

    title: str
    data: str
    column: str
    order: str
    measure: Measure


class HeatMap(NamedTuple):
    """A value for each pair of row and column, by colour."""

    title: str
    data: str
    row: str
    column: str
    measure: Measure


class Sankey(NamedTuple):
    """How much goes from where to where."""

    title: str
    data: str
    source: str
    target: str
    measure: Measure


class Table(NamedTuple):
    """A table: dimensions, then measures, ordered by the first measure."""

    title: str
    data: str
    columns: tuple[str, ...]
    measures: tuple[Measure, ...]


Visual = Kpi | LineChart | BarChart | PieChart | FunnelChart | HeatMap | Sankey | Table


class FilterControl(NamedTuple):
    """A list to choose values from; it narrows the data sets of the dashboard that have the column."""

    title: str
    column: str


class Dashboard(NamedTuple):
    """`days`: how far the date filter looks back at first; None: no date filter."""

    name: str
    title: str
    visuals: tuple[Visual, ...]
    filter_controls: tuple[FilterControl, ...] = ()
    days: int | None = 30

    @property
    def data(self) -> tuple[str, ...]:
        """The data sets that it reads, each once."""
        return tuple(dict.fromkeys(visual.data for visual in self.visuals))
