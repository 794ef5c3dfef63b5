"""The canary: a function on a timer, its permissions, its settings."""

from pathlib import Path

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.environments import resource_names
from infra.environments.settings import Environment
from infra.packaging.lambda_zip import one_file
from infra.stacks.log_retention import log_retention
from infra.stacks.pipeline.stack import PipelineStack
from lake import layout
from schemas import parse_sites

EVERY = Duration.minutes(5)


def make(scope: Construct, environment: Environment, pipeline: PipelineStack) -> lambda_.Function:
    site = environment.monitoring.canary_site
    workgroup = resource_names.workgroup(environment)
    function = lambda_.Function(
        scope,
        "Canary",
        function_name=f"{environment.prefix}-canary",
        description="Posts an event and looks for the newest one's row.",
        runtime=lambda_.Runtime("python3.13", lambda_.RuntimeFamily.PYTHON),
        architecture=lambda_.Architecture.ARM_64,
        handler="handler.handler",
        code=lambda_.Code.from_asset(str(one_file(Path(__file__).parent / "handler.py"))),
        timeout=Duration.minutes(2),
        memory_size=256,
        environment={
            "CANARY_ENVIRONMENT": environment.name,
            "CANARY_URL": (
                f"https://{environment.edge.domain}" if environment.locked else pipeline.api.api_endpoint
            ),
            "CANARY_KEY": parse_sites(environment.sites_text).by_name[site].keys[0],
            "CANARY_SITE": site,
            "CANARY_DATABASE": environment.database,
            "CANARY_WORKGROUP": workgroup,
        },
        log_group=logs.LogGroup(
            scope,
            "CanaryLog",
            retention=log_retention(environment.protection.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        ),
    )
    _grant(function, environment, pipeline, workgroup)
    events.Rule(
        scope,
        "CanaryTimer",
        schedule=events.Schedule.rate(EVERY),
        targets=[targets.LambdaFunction(function, retry_attempts=0)],
    )
    return function


def _grant(
    function: lambda_.Function, environment: Environment, pipeline: PipelineStack, workgroup: str
) -> None:
    """One query in one workgroup on one table, and what Athena reads and writes for it in our name."""
    stack = Stack.of(function)

    def arn(service: str, resource: str, name: str) -> str:
        return stack.format_arn(
            service=service,
            resource=resource,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )

    catalogue = stack.format_arn(service="glue", resource="catalog", arn_format=ArnFormat.NO_RESOURCE_NAME)
    statements = [
        (
            ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"],
            [arn("athena", "workgroup", workgroup)],
        ),
        (
            ["glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"],
            [
                catalogue,
                arn("glue", "database", environment.database),
                arn("glue", "table", f"{environment.database}/enriched"),
            ],
        ),
        (["s3:GetObject"], [pipeline.bucket.arn_for_objects(f"{layout.ENRICHED}*")]),
        (["s3:GetObject", "s3:PutObject"], [pipeline.bucket.arn_for_objects(f"{layout.RESULTS}*")]),
        (["s3:ListBucket", "s3:GetBucketLocation"], [pipeline.bucket.bucket_arn]),
    ]
    for actions, resources in statements:
        function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
    if pipeline.key:
        pipeline.key.grant_encrypt_decrypt(function)
