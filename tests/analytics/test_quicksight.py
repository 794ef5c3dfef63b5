"""Every data set, column, filter and field that a dashboard names exists, in the SQL too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlglot

from analytics.dashboards import DASHBOARDS, DATA_SETS
from analytics.dashboards.model import DataSet, Kind
from analytics.dashboards.quicksight import Resource, Target, definitions
from analytics.duckdb_lake import Lake

TARGET = Target(
    prefix="rastro-prod",
    title="Rastro prod",
    account="111122223333",
    region="sa-east-1",
    partition="aws",
    database="rastro_prod",
    workgroup="rastro-prod",
    owner="arn:aws:quicksight:sa-east-1:111122223333:group/default/shop",
)
RESOURCES = list(definitions(TARGET))
DRAWN = {r.properties["DashboardId"]: r.properties for r in RESOURCES if r.type.endswith("Dashboard")}
TYPES = {
    "VARCHAR": Kind.TEXT,
    "INTEGER": Kind.WHOLE,
    "BIGINT": Kind.WHOLE,
    "HUGEINT": Kind.WHOLE,
    "DOUBLE": Kind.NUMBER,
    "TIMESTAMP": Kind.TIME,
}


@pytest.fixture(scope="module")
def lake() -> Iterator[Lake]:
    opened = Lake()
    yield opened
    opened.close()


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def _all(node: Any, key: str) -> list[Any]:
    return [found[key] for found in _walk(node) if key in found]


@pytest.mark.parametrize("data", DATA_SETS.values(), ids=list(DATA_SETS))
def test_a_data_set_gives_the_columns_it_declares(data: DataSet, lake: Lake) -> None:
    query = sqlglot.parse_one(data.sql, read="athena")
    found = lake.database.execute(f"DESCRIBE {query.sql(dialect='duckdb')}").fetchall()
    assert {name: TYPES[kind] for name, kind, *_ in found} == data.columns
    assert [name for name, *_ in found] == list(data.columns)


def test_nine_dashboards_and_no_data_set_in_vain() -> None:
    names = [dashboard.name for dashboard in DASHBOARDS]
    assert names == [
        *("overview", "acquisition", "engagement", "funnel", "retention", "products", "devices", "quality"),
        "real_time",
    ]
    assert {data for dashboard in DASHBOARDS for data in dashboard.data} == set(DATA_SETS)


@pytest.mark.parametrize("dashboard", DRAWN.values(), ids=list(DRAWN))
def test_a_dashboard_names_only_what_exists(dashboard: dict[str, Any]) -> None:
    definition = dashboard["Definition"]
    declared = {d["Identifier"]: d["DataSetArn"] for d in definition["DataSetIdentifierDeclarations"]}
    data_sets = {r.properties["DataSetId"]: r.properties for r in RESOURCES if r.type.endswith("DataSet")}
    columns: dict[str, set[str]] = {}
    for name, arn in declared.items():
        (table,) = data_sets[arn.rpartition("/")[2]]["PhysicalTableMap"].values()
        columns[name] = {column["Name"] for column in table["CustomSql"]["Columns"]}
    for field in definition["CalculatedFields"]:
        used = {part.partition("}")[0] for part in field["Expression"].split("{")[1:]}
        assert used <= columns[field["DataSetIdentifier"]], field
    for field in definition["CalculatedFields"]:
        columns[field["DataSetIdentifier"]].add(field["Name"])
    named = [node for node in _walk(definition) if "ColumnName" in node]
    assert named
    for node in named:
        assert node["ColumnName"] in columns[node["DataSetIdentifier"]], node


@pytest.mark.parametrize("dashboard", DRAWN.values(), ids=list(DRAWN))
def test_ids_are_single_and_lead_somewhere(dashboard: dict[str, Any]) -> None:
    definition = dashboard["Definition"]
    (sheet,) = definition["Sheets"]
    filters = [next(iter(group["Filters"][0].values()))["FilterId"] for group in definition["FilterGroups"]]
    assert len(filters) == len(set(filters))
    assert set(_all(sheet["FilterControls"], "SourceFilterId")) == set(filters)
    assert set(_all(definition["FilterGroups"], "SheetId")) <= {sheet["SheetId"]}
    visuals = [next(iter(visual.values())) for visual in sheet["Visuals"]]
    laid_out = [element["ElementId"] for element in _walk(sheet["Layouts"]) if "ElementId" in element]
    assert sorted(laid_out) == sorted(visual["VisualId"] for visual in visuals)
    controls = set(_all(sheet["FilterControls"], "FilterControlId"))
    assert {e["ElementId"] for e in _walk(sheet["SheetControlLayouts"]) if "ElementId" in e} == controls
    fields = []
    for visual in visuals:
        wells = _all(visual["ChartConfiguration"]["FieldWells"], "FieldId")
        assert set(_all(visual["ChartConfiguration"].get("SortConfiguration", {}), "FieldId")) <= set(wells)
        fields += wells
    assert len(fields) == len(set(fields))


@pytest.mark.parametrize("dashboard", DRAWN.values(), ids=list(DRAWN))
def test_no_visual_lies_on_another(dashboard: dict[str, Any]) -> None:
    (sheet,) = dashboard["Definition"]["Sheets"]
    cells: set[tuple[int, int]] = set()
    for element in sheet["Layouts"][0]["Configuration"]["GridLayout"]["Elements"]:
        assert element["ColumnIndex"] + element["ColumnSpan"] <= 36
        own = {
            (element["RowIndex"] + row, element["ColumnIndex"] + column)
            for row in range(element["RowSpan"])
            for column in range(element["ColumnSpan"])
        }
        assert not cells & own
        cells |= own


def test_measures_are_numbers() -> None:
    for resource in DRAWN.values():
        calculated = {(f["DataSetIdentifier"], f["Name"]) for f in resource["Definition"]["CalculatedFields"]}
        for field in _all(resource["Definition"], "NumericalMeasureField"):
            data, column = field["Column"]["DataSetIdentifier"], field["Column"]["ColumnName"]
            if (data, column) not in calculated:
                assert DATA_SETS[data].columns[column] in {Kind.WHOLE, Kind.NUMBER}, field
                assert "AggregationFunction" in field


def test_queries_name_the_database() -> None:
    for resource in RESOURCES:
        for query in _all(resource.properties, "SqlQuery"):
            tables = list(sqlglot.parse_one(query, read="athena").find_all(sqlglot.exp.Table))
            assert [table.db for table in tables] == ["rastro_prod"]


def _template(resources: list[Resource]) -> str:
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": {r.logical_id: {"Type": r.type, "Properties": r.properties} for r in resources},
        }
    )


def _lint(resources: list[Resource]) -> list[Any]:
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    return list(lint(_template(resources), None, ["us-east-1"], ManualArgs()))


def test_resources_need_only_what_comes_before() -> None:
    before: set[str] = set()
    for resource in RESOURCES:
        assert set(resource.needs) <= before
        assert resource.needs or resource.type == "AWS::QuickSight::DataSource"
        before.add(resource.logical_id)


@pytest.mark.slow
def test_cloudformation_takes_the_resources() -> None:
    """By the schemas of the resource types that cfn-lint carries."""
    assert len({resource.logical_id for resource in RESOURCES}) == len(RESOURCES)
    found = _lint(RESOURCES)
    assert [str(problem) for problem in found if problem.rule.id.startswith("E")] == []


@pytest.mark.slow
def test_the_check_would_see_a_mistake() -> None:
    wrong = RESOURCES[-1].properties | {"Definition": {"Sheets": []}}
    found = _lint([RESOURCES[-1]._replace(properties=wrong)])
    assert found


MONEY = {"revenue", "gross_revenue", "refunded", "value_abandoned"} | {
    f"{model}_revenue" for model in ("first", "last", "linear", "position")
}


def test_no_visual_adds_money_of_two_currencies() -> None:
    """Whatever shows an amount splits it by currency."""
    shown = 0
    for dashboard in DASHBOARDS:
        for visual in dashboard.visuals:
            measures = getattr(visual, "measures", None) or (visual.measure,)
            columns = {
                name
                for measure in measures
                for name in (getattr(measure, "column", None), getattr(measure, "above", None))
            }
            if columns & MONEY:
                shown += 1
                split = {getattr(visual, "by", None), *(getattr(visual, "columns", None) or ())}
                assert "currency" in split, visual.title
    assert shown > 5
