"""QuickSight's resources in a CDK stack: only where somebody owns them, and each after what it needs."""

from dataclasses import replace
from pathlib import Path

from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from analytics.dashboards import DASHBOARDS, DATA_SETS
from infra.environments.settings import Analytics, Environment
from infra.stacks.analytics import quicksight

OWNER = "arn:aws:quicksight:sa-east-1:111122223333:group/default/shop"


def _resources(environment: Environment) -> dict[str, dict[str, object]]:
    stack = Stack(App(), "Analytics")
    quicksight.add(stack, environment)
    found: dict[str, dict[str, object]] = Template.from_stack(stack).to_json().get("Resources", {})
    return found


def test_nothing_without_an_owner_and_everything_with_one() -> None:
    without = Environment(name="prod", folder=Path())
    assert _resources(without) == {}
    found = _resources(replace(without, analytics=Analytics(quicksight_user=OWNER)))
    types = [str(resource["Type"]).rpartition(":")[2] for resource in found.values()]
    imported = [data for data in DATA_SETS.values() if not data.live]
    by_day = [data for data in imported if data.when == "day"]
    assert {name: types.count(name) for name in set(types)} == {
        "DataSource": 1,
        "DataSet": len(DATA_SETS),
        "RefreshSchedule": len(imported)
        + len(by_day),  # each has a full refresh, those by day an hourly one too
        "Dashboard": len(DASHBOARDS),
    }
    assert found["QuickSightDashboardOverview"]["DependsOn"] == [
        "QuickSightDataRevenue",
        "QuickSightDataSessions",
    ]
    assert "AWS::AccountId" in str(found["QuickSightSource"])
