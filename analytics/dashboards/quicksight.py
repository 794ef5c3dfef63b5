"""QuickSight's resources from the dashboards' data, as CloudFormation writes them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from analytics.dashboards import DASHBOARDS, DATA_SETS
from analytics.dashboards.model import Dashboard, DataSet
from analytics.dashboards.quicksight_visuals import controls_laid_out, drawn, laid_out

Properties = dict[str, Any]

# What QuickSight calls an owner of each; it refuses other combinations.
_OWN_SOURCE = (
    *("DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource", "UpdateDataSource"),
    *("DeleteDataSource", "UpdateDataSourcePermissions"),
)
_OWN_DATA = (
    *("DescribeDataSet", "DescribeDataSetPermissions", "PassDataSet", "DescribeIngestion", "ListIngestions"),
    *("UpdateDataSet", "DeleteDataSet", "CreateIngestion", "CancelIngestion", "UpdateDataSetPermissions"),
)
_OWN_DASHBOARD = (
    *("DescribeDashboard", "ListDashboardVersions", "UpdateDashboardPermissions", "QueryDashboard"),
    *(
        "UpdateDashboard",
        "DeleteDashboard",
        "DescribeDashboardPermissions",
        "UpdateDashboardPublishedVersion",
    ),
)


class Target(NamedTuple):
    """The account and owner of the resources. Values may be CDK tokens. `owner`: ARN of a QuickSight user or group.

    `prefix` begins every id and name, for example `rastro-prod`; `title` is shown, for example `Rastro prod`.
    """

    prefix: str
    title: str
    account: str
    region: str
    partition: str
    database: str
    workgroup: str
    owner: str


class Resource(NamedTuple):
    """One CloudFormation resource; `needs` are logical ids of others that must exist before it."""

    logical_id: str
    type: str
    properties: Properties
    needs: tuple[str, ...] = ()


def definitions(target: Target) -> Iterator[Resource]:
    """The data source, every data set with its refreshes, every dashboard. Each names earlier ones by ARN."""
    yield Resource(_SOURCE, "AWS::QuickSight::DataSource", _source(target))
    for data in DATA_SETS.values():
        yield Resource(_data(data.name), "AWS::QuickSight::DataSet", _data_set(target, data), (_SOURCE,))
        if not data.live:
            for schedule in _schedules(data):
                yield Resource(
                    f"QuickSightRefresh{_camel(data.name)}{schedule['ScheduleId'].capitalize()}",
                    "AWS::QuickSight::RefreshSchedule",
                    {
                        "AwsAccountId": target.account,
                        "DataSetId": data_set_id(target, data.name),
                        "Schedule": schedule,
                    },
                    (_data(data.name),),
                )
    for dashboard in DASHBOARDS:
        yield Resource(
            f"QuickSightDashboard{_camel(dashboard.name)}",
            "AWS::QuickSight::Dashboard",
            _dashboard(target, dashboard),
            tuple(_data(name) for name in dashboard.data),
        )


_SOURCE = "QuickSightSource"


def _data(name: str) -> str:
    return f"QuickSightData{_camel(name)}"


def data_set_id(target: Target, name: str) -> str:
    """The id of a data set: `rastro-prod-sessions`."""
    return f"{target.prefix}-{name}"


def _arn(target: Target, kind: str, name: str) -> str:
    return f"arn:{target.partition}:quicksight:{target.region}:{target.account}:{kind}/{name}"


def _source(target: Target) -> Properties:
    return {
        "AwsAccountId": target.account,
        "DataSourceId": target.prefix,
        "Name": target.title,
        "Type": "ATHENA",
        "DataSourceParameters": {"AthenaParameters": {"WorkGroup": target.workgroup}},
        "Permissions": _permissions(target, _OWN_SOURCE),
        "SslProperties": {"DisableSsl": False},
    }


def _permissions(target: Target, actions: tuple[str, ...]) -> list[Properties]:
    return [{"Principal": target.owner, "Actions": [f"quicksight:{action}" for action in actions]}]


def _data_set(target: Target, data: DataSet) -> Properties:
    columns = [{"Name": name, "Type": kind.value} for name, kind in data.columns.items()]
    query = {
        "DataSourceArn": _arn(target, "datasource", target.prefix),
        "Name": data.name,
        "SqlQuery": in_database(data.sql, target.database),
        "Columns": columns,
    }
    return {
        "AwsAccountId": target.account,
        "DataSetId": data_set_id(target, data.name),
        "Name": f"{target.title}: {data.name.replace('_', ' ')}",
        "ImportMode": "DIRECT_QUERY" if data.live else "SPICE",
        "PhysicalTableMap": {"query": {"CustomSql": query}},
        "LogicalTableMap": {"logical": {"Alias": data.name, "Source": {"PhysicalTableId": "query"}}},
        "Permissions": _permissions(target, _OWN_DATA),
        **_look_back(data),
    }


def in_database(sql: str, database: str) -> str:
    """The query with its view named together with the database: a data source has no default one."""
    before, _, view = sql.partition(" FROM ")
    return f'{before} FROM "{database}".{view}'


LOOK_BACK_DAYS = 3
"""What an hourly refresh reads anew: late events, merges and refunds correct earlier days. What is older is read
once a week."""


def _schedules(data: DataSet) -> list[Properties]:
    """Hourly the last days and weekly all; once a night where there is no day to look back on."""
    if data.when != "day":
        nightly = {"Interval": "DAILY", "TimeOfTheDay": "05:00"}
        return [{"ScheduleId": "nightly", "RefreshType": "FULL_REFRESH", "ScheduleFrequency": nightly}]
    weekly = {"Interval": "WEEKLY", "RefreshOnDay": {"DayOfWeek": "SUNDAY"}, "TimeOfTheDay": "06:00"}
    return [
        {
            "ScheduleId": "hourly",
            "RefreshType": "INCREMENTAL_REFRESH",
            "ScheduleFrequency": {"Interval": "HOURLY"},
        },
        {"ScheduleId": "weekly", "RefreshType": "FULL_REFRESH", "ScheduleFrequency": weekly},
    ]


def _look_back(data: DataSet) -> Properties:
    if data.live or data.when != "day":
        return {}
    window = {"ColumnName": data.when, "Size": LOOK_BACK_DAYS, "SizeUnit": "DAY"}
    configuration = {"IncrementalRefresh": {"LookbackWindow": window}}
    return {"DataSetRefreshProperties": {"RefreshConfiguration": configuration}}


def _dashboard(target: Target, dashboard: Dashboard) -> Properties:
    drawing = drawn(dashboard)
    sheet = {
        "SheetId": dashboard.name,
        "Name": dashboard.title,
        "ContentType": "INTERACTIVE",
        "Visuals": [visual.properties for visual in drawing.visuals],
        "FilterControls": drawing.controls,
        "Layouts": [laid_out(drawing.visuals)],
        "SheetControlLayouts": [controls_laid_out(drawing.controls)],
    }
    return {
        "AwsAccountId": target.account,
        "DashboardId": f"{target.prefix}-{dashboard.name.replace('_', '-')}",
        "Name": f"{target.title}: {dashboard.title}",
        "Permissions": _permissions(target, _OWN_DASHBOARD),
        "DashboardPublishOptions": {"AdHocFilteringOption": {"AvailabilityStatus": "ENABLED"}},
        "Definition": {
            "DataSetIdentifierDeclarations": [
                {"Identifier": name, "DataSetArn": _arn(target, "dataset", data_set_id(target, name))}
                for name in dashboard.data
            ],
            "CalculatedFields": drawing.calculated,
            "FilterGroups": drawing.filters,
            "Sheets": [sheet],
        },
    }


def _camel(name: str) -> str:
    return name.title().replace("_", "")
