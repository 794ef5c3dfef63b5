"""QuickSight in the analytics stack: the resources that `analytics.dashboards.quicksight` describes, as they are."""

from aws_cdk import CfnResource, Stack

from analytics.dashboards.quicksight import Target, definitions
from infra.environments import resource_names
from infra.environments.settings import Environment


def add(stack: Stack, environment: Environment) -> None:
    """Data source, data sets and dashboards, where the environment names who owns them.

    Raw resources, because CDK's own classes for QuickSight (L1) want the same content under other names.
    """
    if not environment.analytics.quicksight_user:
        return
    target = Target(
        prefix=environment.prefix,
        title=f"Rastro {environment.name}",
        account=stack.account,
        region=stack.region,
        partition=stack.partition,
        database=environment.database,
        workgroup=resource_names.workgroup(environment),
        owner=environment.analytics.quicksight_user,
    )
    made: dict[str, CfnResource] = {}
    for resource in definitions(target):
        made[resource.logical_id] = CfnResource(
            stack, resource.logical_id, type=resource.type, properties=resource.properties
        )
        for name in resource.needs:
            made[resource.logical_id].add_dependency(made[name])
