"""Athena: a workgroup with limits, the views and reports as named queries."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_athena as athena
from constructs import Construct

from analytics import queries
from analytics.athena_dialect import without_comments
from infra.environments import resource_names
from infra.environments.settings import Environment
from infra.stacks.analytics import quicksight
from infra.stacks.pipeline.stack import PipelineStack, account_and_region
from lake import layout

_GIB = 1 << 30


class AnalyticsStack(Stack):
    """Views are made by Athena itself after the deployment (`infra.deploy.views`): it alone knows their types."""

    def __init__(self, scope: Construct, environment: Environment, pipeline: PipelineStack) -> None:
        super().__init__(
            scope,
            "Analytics",
            stack_name=f"{environment.prefix}-analytics",
            description=f"Rastro {environment.name}: Athena workgroup, views, reports.",
            env=account_and_region(environment),
        )
        self.add_stack_dependency(pipeline)
        workgroup = athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=resource_names.workgroup(environment),
            description="Queries on the events; results and limits are set here, not by the client.",
            recursive_delete_option=not environment.protection.keep_data,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=environment.analytics.scan_limit_gib * _GIB,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{pipeline.bucket.bucket_name}/{layout.RESULTS}",
                    encryption_configuration=_encryption(pipeline),
                ),
            ),
        )
        for kind, names, read in (
            ("view", queries.VIEWS, queries.view),
            ("report", queries.REPORTS, queries.report),
        ):
            for name in names:
                query = read(name)
                athena.CfnNamedQuery(
                    self,
                    f"{kind.capitalize()}{name.title().replace('_', '')}",
                    name=f"{kind}: {name}",
                    description=query.about[:1024],
                    database=environment.database,
                    query_string=without_comments(query.sql),
                    work_group=resource_names.workgroup(environment),
                ).add_resource_dependency(workgroup)
        CfnOutput(self, "WorkgroupOutput", value=workgroup.ref).override_logical_id("Workgroup")


class DashboardsStack(Stack):
    """QuickSight, in a stack of its own: its data sets read views, which are made after the analytics stack."""

    def __init__(self, scope: Construct, environment: Environment, analytics: AnalyticsStack) -> None:
        super().__init__(
            scope,
            "Dashboards",
            stack_name=f"{environment.prefix}-dashboards",
            description=f"Rastro {environment.name}: QuickSight dashboards.",
            env=account_and_region(environment),
        )
        self.add_stack_dependency(analytics)
        quicksight.add(self, environment)


def _encryption(pipeline: PipelineStack) -> athena.CfnWorkGroup.EncryptionConfigurationProperty:
    if pipeline.key is None:
        return athena.CfnWorkGroup.EncryptionConfigurationProperty(encryption_option="SSE_S3")
    return athena.CfnWorkGroup.EncryptionConfigurationProperty(
        encryption_option="SSE_KMS", kms_key=pipeline.key.key_arn
    )
