"""Builds the visuals and filters of one dashboard in the form of QuickSight's API."""

from typing import Any, NamedTuple

from analytics.dashboards import DATA_SETS
from analytics.dashboards.model import (
    BarChart,
    Dashboard,
    Distinct,
    FilterControl,
    FunnelChart,
    HeatMap,
    Kind,
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

WIDTH = 36
"""Columns of QuickSight's grid."""
Json = dict[str, Any]


class Drawn(NamedTuple):
    """One visual; `width` and `height` in cells of the grid."""

    id: str
    width: int
    height: int
    properties: Json


class Drawing(NamedTuple):
    """Everything of a dashboard but its name."""

    visuals: list[Drawn]
    calculated: list[Json]
    filters: list[Json]
    controls: list[Json]


def drawn(dashboard: Dashboard) -> Drawing:
    """The visuals of a dashboard with the fields they calculate and the filters above them."""
    builder = _VisualBuilder()
    visuals = [
        builder.visual(f"{dashboard.name}-{number}", visual)
        for number, visual in enumerate(dashboard.visuals)
    ]
    filters: list[Json] = []
    controls: list[Json] = []
    if dashboard.days is not None:
        _dates(dashboard, dashboard.days, filters, controls)
    for control in dashboard.filter_controls:
        _filter_control(dashboard, control, filters, controls)
    return Drawing(visuals, list(builder.calculated.values()), filters, controls)


def laid_out(visuals: list[Drawn]) -> Json:
    """The visuals from left to right and top to bottom."""
    elements = []
    row = column = tallest = 0
    for visual in visuals:
        if column + visual.width > WIDTH:
            row, column, tallest = row + tallest, 0, 0
        elements.append(
            {
                "ElementId": visual.id,
                "ElementType": "VISUAL",
                "ColumnIndex": column,
                "ColumnSpan": visual.width,
                "RowIndex": row,
                "RowSpan": visual.height,
            }
        )
        column += visual.width
        tallest = max(tallest, visual.height)
    canvas = {"ScreenCanvasSizeOptions": {"ResizeOption": "FIXED", "OptimizedViewPortWidth": "1600px"}}
    return {"Configuration": {"GridLayout": {"Elements": elements, "CanvasSizeOptions": canvas}}}


def controls_laid_out(controls: list[Json]) -> Json:
    """The filter controls in the row above the visuals."""
    ids = [next(iter(control.values()))["FilterControlId"] for control in controls]
    elements = [
        {"ElementId": name, "ElementType": "FILTER_CONTROL", "ColumnSpan": 6, "RowSpan": 3} for name in ids
    ]
    return {"Configuration": {"GridLayout": {"Elements": elements}}}


class _VisualBuilder:
    """Draws visuals; keeps the calculated fields they ask for."""

    def __init__(self) -> None:
        self.calculated: dict[tuple[str, str], Json] = {}

    def visual(self, visual_id: str, visual: Visual) -> Drawn:
        """One visual with its kind, its title and its size."""
        kind, width, height, chart = self._chart(visual_id, visual)
        title = {"Visibility": "VISIBLE", "FormatText": {"PlainText": visual.title}}
        return Drawn(
            visual_id,
            width,
            height,
            {kind: {"VisualId": visual_id, "Title": title, "ChartConfiguration": chart}},
        )

    def _chart(self, at: str, visual: Visual) -> tuple[str, int, int, Json]:  # noqa: PLR0911 - one for each kind of visual
        match visual:
            case Kpi():
                return "KPIVisual", 12, 6, self._kpi(at, visual)
            case LineChart():
                return "LineChartVisual", 18, 12, self._line_chart(at, visual)
            case BarChart():
                return "BarChartVisual", 18, 12, self._bar_chart(at, visual)
            case PieChart():
                return "PieChartVisual", 18, 12, self._pie_chart(at, visual)
            case FunnelChart():
                return "FunnelChartVisual", 18, 12, self._funnel_chart(at, visual)
            case HeatMap():
                return "HeatMapVisual", 18, 12, self._heat_map(at, visual)
            case Sankey():
                return "SankeyDiagramVisual", 36, 14, self._sankey(at, visual)
            case Table():
                return "TableVisual", 36, 12, self._table(at, visual)

    def _kpi(self, at: str, visual: Kpi) -> Json:
        when = DATA_SETS[visual.data].when
        trend = (
            [_dimension(f"{at}-time", visual.data, when)] if when and not DATA_SETS[visual.data].live else []
        )
        return {
            "FieldWells": {
                "Values": [self._measure(f"{at}-0", visual.data, visual.measure)],
                "TrendGroups": trend,
            }
        }

    def _line_chart(self, at: str, visual: LineChart) -> Json:
        when = DATA_SETS[visual.data].when
        assert when, f"{visual.title}: the data set {visual.data} has no time"
        wells = {
            "Category": [_dimension(f"{at}-time", visual.data, when, visual.grain)],
            "Values": self._measures(at, visual.data, visual.measures),
            "Colors": [_dimension(f"{at}-by", visual.data, visual.by)] if visual.by else [],
        }
        return {"FieldWells": {"LineChartAggregatedFieldWells": wells}, "Type": "LINE"}

    def _bar_chart(self, at: str, visual: BarChart) -> Json:
        wells = {
            "Category": [_dimension(f"{at}-category", visual.data, visual.column)],
            "Values": self._measures(at, visual.data, visual.measures),
            "Colors": [_dimension(f"{at}-by", visual.data, visual.by)] if visual.by else [],
        }
        return {
            "FieldWells": {"BarChartAggregatedFieldWells": wells},
            "Orientation": "HORIZONTAL",
            "BarsArrangement": "STACKED" if visual.by else "CLUSTERED",
            "SortConfiguration": {
                "CategorySort": _descending(f"{at}-0"),
                "CategoryItemsLimit": {"ItemsLimit": visual.most, "OtherCategories": "EXCLUDE"},
            },
        }

    def _pie_chart(self, at: str, visual: PieChart) -> Json:
        wells = {
            "Category": [_dimension(f"{at}-category", visual.data, visual.column)],
            "Values": [self._measure(f"{at}-0", visual.data, visual.measure)],
        }
        return {
            "FieldWells": {"PieChartAggregatedFieldWells": wells},
            "SortConfiguration": {"CategorySort": _descending(f"{at}-0")},
        }

    def _funnel_chart(self, at: str, visual: FunnelChart) -> Json:
        wells = {
            "Category": [_dimension(f"{at}-category", visual.data, visual.column)],
            "Values": [self._measure(f"{at}-0", visual.data, visual.measure)],
        }
        in_order = {
            "ColumnSort": {
                "SortBy": _column(visual.data, visual.order),
                "Direction": "ASC",
                "AggregationFunction": {
                    "NumericalAggregationFunction": {"SimpleNumericalAggregation": "MIN"}
                },
            }
        }
        return {
            "FieldWells": {"FunnelChartAggregatedFieldWells": wells},
            "SortConfiguration": {"CategorySort": [in_order]},
        }

    def _heat_map(self, at: str, visual: HeatMap) -> Json:
        wells = {
            "Rows": [_dimension(f"{at}-row", visual.data, visual.row)],
            "Columns": [_dimension(f"{at}-column", visual.data, visual.column)],
            "Values": [self._measure(f"{at}-0", visual.data, visual.measure)],
        }
        return {"FieldWells": {"HeatMapAggregatedFieldWells": wells}}

    def _sankey(self, at: str, visual: Sankey) -> Json:
        wells = {
            "Source": [_dimension(f"{at}-source", visual.data, visual.source)],
            "Destination": [_dimension(f"{at}-target", visual.data, visual.target)],
            "Weight": [self._measure(f"{at}-0", visual.data, visual.measure)],
        }
        return {"FieldWells": {"SankeyDiagramAggregatedFieldWells": wells}}

    def _table(self, at: str, visual: Table) -> Json:
        wells = {
            "GroupBy": [_dimension(f"{at}-{column}", visual.data, column) for column in visual.columns],
            "Values": self._measures(at, visual.data, visual.measures),
        }
        return {
            "FieldWells": {"TableAggregatedFieldWells": wells},
            "SortConfiguration": {"RowSort": _descending(f"{at}-0")},
        }

    def _measures(self, at: str, data: str, measures: tuple[Measure, ...]) -> list[Json]:
        return [self._measure(f"{at}-{number}", data, measure) for number, measure in enumerate(measures)]

    def _measure(self, field_id: str, data: str, measure: Measure) -> Json:
        match measure:
            case Total(column):
                return _numerical(field_id, data, column, "SUM")
            case Latest(column):
                return _numerical(field_id, data, column, "MAX")
            case Distinct(column) if DATA_SETS[data].columns[column] is Kind.TEXT:
                field = {
                    "FieldId": field_id,
                    "Column": _column(data, column),
                    "AggregationFunction": "DISTINCT_COUNT",
                }
                return {"CategoricalMeasureField": field}
            case Distinct(column):
                return _numerical(field_id, data, column, "DISTINCT_COUNT")
            case Ratio(name, above, below):
                self.calculated[data, name] = {
                    "DataSetIdentifier": data,
                    "Name": name,
                    # without a guard an empty day would divide by nothing
                    "Expression": f"ifelse(sum({{{below}}}) = 0, 0, sum({{{above}}}) / sum({{{below}}}))",
                }
                return {"NumericalMeasureField": {"FieldId": field_id, "Column": _column(data, name)}}


def _numerical(field_id: str, data: str, column: str, function: str) -> Json:
    return {
        "NumericalMeasureField": {
            "FieldId": field_id,
            "Column": _column(data, column),
            "AggregationFunction": {"SimpleNumericalAggregation": function},
        }
    }


def _dimension(field_id: str, data: str, column: str, grain: str = "DAY") -> Json:
    field: Json = {"FieldId": field_id, "Column": _column(data, column)}
    match DATA_SETS[data].columns[column]:
        case Kind.TIME:
            return {"DateDimensionField": field | {"DateGranularity": grain}}
        case Kind.TEXT:
            return {"CategoricalDimensionField": field}
        case Kind.WHOLE | Kind.NUMBER:
            return {"NumericalDimensionField": field}


def _column(data: str, column: str) -> Json:
    return {"DataSetIdentifier": data, "ColumnName": column}


def _descending(field_id: str) -> list[Json]:
    return [{"FieldSort": {"FieldId": field_id, "Direction": "DESC"}}]


def _dates(dashboard: Dashboard, days: int, filters: list[Json], controls: list[Json]) -> None:
    """One date filter for each data set that has a time, one control for the first: it moves only its own data set."""
    for data in dashboard.data:
        when = DATA_SETS[data].when
        if when is None or DATA_SETS[data].live:
            continue
        filter_id = f"{dashboard.name}-days-{data}"
        relative = {
            "FilterId": filter_id,
            "Column": _column(data, when),
            "AnchorDateConfiguration": {"AnchorOption": "NOW"},
            "TimeGranularity": "DAY",
            "RelativeDateType": "LAST",
            "RelativeDateValue": days,
            "NullOption": "NON_NULLS_ONLY",
        }
        filters.append(_group(dashboard, filter_id, {"RelativeDatesFilter": relative}))
        control = {
            "FilterControlId": f"{filter_id}-control",
            "Title": f"Days: {data}",
            "SourceFilterId": filter_id,
        }
        controls.append({"RelativeDateTime": control})


def _filter_control(
    dashboard: Dashboard, control: FilterControl, filters: list[Json], controls: list[Json]
) -> None:
    """A filter on the first data set with the column, over all data sets that have it."""
    data = next(name for name in dashboard.data if control.column in DATA_SETS[name].columns)
    filter_id = f"{dashboard.name}-{control.column}"
    chosen = {
        "FilterId": filter_id,
        "Column": _column(data, control.column),
        "Configuration": {
            "FilterListConfiguration": {"MatchOperator": "CONTAINS", "SelectAllOptions": "FILTER_ALL_VALUES"}
        },
    }
    filters.append(_group(dashboard, filter_id, {"CategoryFilter": chosen}, across="ALL_DATASETS"))
    dropdown = {
        "FilterControlId": f"{filter_id}-control",
        "Title": control.title,
        "SourceFilterId": filter_id,
        "Type": "MULTI_SELECT",
    }
    controls.append({"Dropdown": dropdown})


def _group(dashboard: Dashboard, filter_id: str, what: Json, across: str = "SINGLE_DATASET") -> Json:
    scope = {"SheetVisualScopingConfigurations": [{"SheetId": dashboard.name, "Scope": "ALL_VISUALS"}]}
    return {
        "FilterGroupId": f"{filter_id}-group",
        "Filters": [what],
        "ScopeConfiguration": {"SelectedSheets": scope},
        "CrossDataset": across,
        "Status": "ENABLED",
    }
