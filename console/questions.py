"""The SQL of one visual of a dashboard, in Athena's dialect: its data set, narrowed, grouped and added up. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from analytics.dashboards.model import (
    BarChart,
    DataSet,
    Distinct,
    FunnelChart,
    HeatMap,
    Kpi,
    Latest,
    LineChart,
    Measure,
    PieChart,
    Ratio,
    Sankey,
    Table,
    Total,
    Visual,
)

MOST_ROWS = 1_000


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date

    @property
    def before(self) -> "Period":
        """The period of the same length that ends the day before."""
        days = self.last - self.first + timedelta(days=1)
        return Period(self.first - days, self.last - days)


class Question(NamedTuple):
    """`data`: the SQL of the data set; `select`: what is asked of it, by the name `data`. `live`: never of the cache.
    `dimensions`, `measures`: names of the answer's columns, in their order."""

    data: str
    select: str
    live: bool
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The whole, in Athena's dialect."""
        return f"WITH data AS ({self.data}) {self.select}"


def question(visual: Visual, data: DataSet, period: Period | None, chosen: dict[str, str]) -> Question:
    """What to ask for a visual. `chosen`: column → value; a column that the data set lacks is passed over."""
    dimensions = _dimensions(visual, data)
    measures = _measures(visual)
    columns = [f"{expression} AS {_name(alias)}" for alias, expression in dimensions]
    columns += [f"{_expression(measure)} AS {_name(name_of(measure))}" for measure in measures]
    where = [f"{_name(name)} = {_text(value)}" for name, value in chosen.items() if name in data.columns]
    if period is not None and data.when is not None:
        where.append(
            f"CAST({_name(data.when)} AS date) BETWEEN DATE '{period.first}' AND DATE '{period.last}'"
        )
    sql = f"SELECT {', '.join(columns)} FROM data"  # noqa: S608 - names of the catalogue; values are quoted by _text
    if where:
        sql += f" WHERE {' AND '.join(where)}"
    if dimensions:
        sql += f" GROUP BY {', '.join(str(number + 1) for number in range(len(dimensions)))}"
        sql += f" ORDER BY {_order(visual, len(dimensions))} LIMIT {MOST_ROWS}"
    return Question(
        data.sql, sql, data.live, tuple(alias for alias, _ in dimensions), tuple(map(name_of, measures))
    )


def name_of(measure: Measure) -> str:
    """How a measure is called in an answer."""
    return measure.name if isinstance(measure, Ratio) else measure.column


def _dimensions(visual: Visual, data: DataSet) -> list[tuple[str, str]]:
    """(name in the answer, expression) of what is grouped by."""
    found: list[str] = []
    match visual:
        case LineChart():
            when = data.when or "day"
            grain = visual.grain.lower()
            by = [(visual.by, _name(visual.by))] if visual.by else []
            return [(when, f"date_trunc('{grain}', {_name(when)})"), *by]
        case BarChart():
            found = [visual.column, *([visual.by] if visual.by else [])]
        case PieChart():
            found = [visual.column]
        case FunnelChart():
            found = [visual.order, visual.column]
        case HeatMap():
            found = [visual.row, visual.column]
        case Sankey():
            found = [visual.source, visual.target]
        case Table():
            found = list(visual.columns)
        case Kpi():
            found = []
    return [(name, _name(name)) for name in found]


def _measures(visual: Visual) -> Sequence[Measure]:
    return visual.measures if isinstance(visual, LineChart | BarChart | Table) else (visual.measure,)


def _expression(measure: Measure) -> str:
    match measure:
        case Total(column):
            return f"sum({_name(column)})"
        case Distinct(column):
            return f"count(DISTINCT {_name(column)})"
        case Latest(column):
            return f"max({_name(column)})"
        case Ratio(_, above, below):
            return f"CAST(sum({_name(above)}) AS double) / nullif(sum({_name(below)}), 0)"


def _order(visual: Visual, dimensions: int) -> str:
    """Lines, funnels and heat maps in their own order, the rest by the first measure."""
    if isinstance(visual, LineChart | FunnelChart | HeatMap):
        return ", ".join(str(number + 1) for number in range(dimensions))
    return f"{dimensions + 1} DESC, 1"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
