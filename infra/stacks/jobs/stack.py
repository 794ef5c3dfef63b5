"""The jobs of the Iceberg tables: two state machines and their schedules, no server and no function."""

import json

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.environments import resource_names
from infra.environments.settings import Environment
from infra.stacks.jobs import machines
from infra.stacks.pipeline.stack import PipelineStack, account_and_region
from lake import layout

SCHEDULES = {
    "hour": "cron(20 * * * ? *)",  # Firehose holds rows for up to a quarter of an hour
    "night": "cron(10 3 * * ? *)",
    "week": "cron(40 4 ? * SUN *)",
}
"""UTC. What each run does: infra/stacks/jobs/machines.py."""


class JobsStack(Stack):
    """Made after the analytics stack and the tables, because its statements name them."""

    def __init__(self, scope: Construct, environment: Environment, pipeline: PipelineStack) -> None:
        super().__init__(
            scope,
            "Jobs",
            stack_name=f"{environment.prefix}-jobs",
            description=f"Rastro {environment.name}: fills the Iceberg tables.",
            env=account_and_region(environment),
        )
        self.add_stack_dependency(pipeline)
        workgroup = resource_names.workgroup(environment)
        role = self._role(environment, pipeline)
        window = self._machine(environment, "window", machines.window(workgroup, environment.database), role)
        tables = self._machine(
            environment,
            "tables",
            machines.fill_tables(workgroup, environment.database, window.ref),
            role,
        )
        self._schedules(environment, tables.ref)
        for name, made in (("WindowMachine", window), ("TablesMachine", tables)):
            CfnOutput(self, f"{name}Output", value=made.ref).override_logical_id(name)

    def _machine(
        self, environment: Environment, name: str, definition: machines.Json, role: iam.Role
    ) -> sfn.CfnStateMachine:
        log = logs.LogGroup(
            self,
            f"{name.capitalize()}Log",
            log_group_name=f"/aws/vendedlogs/states/{environment.prefix}-{name}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        made = sfn.CfnStateMachine(
            self,
            name.capitalize(),
            state_machine_name=f"{environment.prefix}-{name}",
            role_arn=role.role_arn,
            definition_string=self.to_json_string(definition),
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        made.node.add_dependency(role)
        return made

    def _role(self, environment: Environment, pipeline: PipelineStack) -> iam.Role:
        """Athena's statements run with the permissions of who starts them: read landing, write tables and results."""
        role = iam.Role(self, "JobsRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        bucket = pipeline.bucket
        glue = [
            self.format_arn(service="glue", resource=name)
            for name in (
                "catalog",
                f"database/{environment.database}",
                f"table/{environment.database}/*",
            )
        ]
        workgroup = self.format_arn(
            service="athena", resource="workgroup", resource_name=resource_names.workgroup(environment)
        )
        writable = [bucket.arn_for_objects(f"{prefix}*") for prefix in (layout.TABLES, layout.RESULTS)]
        for actions, resources in (
            (
                [
                    *("athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution"),
                    *("athena:GetQueryResults", "athena:GetDataCatalog"),
                ],
                [
                    workgroup,
                    self.format_arn(service="athena", resource="datacatalog", resource_name="AwsDataCatalog"),
                ],
            ),
            (
                [
                    *("glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartition"),
                    *("glue:GetPartitions", "glue:BatchGetPartition", "glue:UpdateTable"),
                ],
                glue,
            ),
            (["s3:GetObject"], [bucket.arn_for_objects(f"{layout.ENRICHED}*")]),
            (["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], writable),
            (["s3:ListBucket", "s3:GetBucketLocation"], [bucket.bucket_arn]),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        if pipeline.key:
            pipeline.key.grant_encrypt_decrypt(role)
        self._may_start(environment, role)
        self._logs(role)
        return role

    def _may_start(self, environment: Environment, role: iam.Role) -> None:
        """It starts and follows runs of the window's machine."""
        of_windows = f"{environment.prefix}-window"
        for actions, resource, name in (
            (["states:StartExecution"], "stateMachine", of_windows),
            (["states:DescribeExecution", "states:StopExecution"], "execution", f"{of_windows}:*"),
        ):
            arn = self.format_arn(
                service="states",
                resource=resource,
                resource_name=name,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[arn]))
        rule = self.format_arn(
            service="events",
            resource="rule",
            resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"], resources=[rule]
            )
        )

    def _logs(self, role: iam.Role) -> None:
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery"),
                    *("logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy"),
                    *("logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
                    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
                ],
                resources=["*"],  # AWS offers no narrower resource for these
            )
        )

    def _schedules(self, environment: Environment, machine_arn: str) -> None:
        role = iam.Role(self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["states:StartExecution"], resources=[machine_arn]))
        for run, cron in SCHEDULES.items():
            scheduler.CfnSchedule(
                self,
                f"Every{run.capitalize()}",
                name=f"{environment.prefix}-tables-{run}",
                description="Fills the Iceberg tables.",
                schedule_expression=cron,
                schedule_expression_timezone="UTC",
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=machine_arn, role_arn=role.role_arn, input=json.dumps({"run": run})
                ),
            )
