"""Time for silent shards: a schedule and the small function that it calls."""

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.environments.settings import Environment
from infra.packaging.lambda_zip import one_file
from infra.stacks.log_retention import log_retention


def make(
    scope: Construct, environment: Environment, raw: kinesis.Stream, own_key: kms.Key | None
) -> lambda_.Function | None:
    """The function, called each minute; None where the environment brings its own ticks."""
    if not environment.closing.ticks:
        return None
    function = lambda_.Function(
        scope,
        "Ticks",
        function_name=f"{environment.prefix}-ticks",
        description="Tells every shard of the raw stream the time, so that sessions end in silence too.",
        runtime=lambda_.Runtime("python3.13", lambda_.RuntimeFamily.PYTHON),
        architecture=lambda_.Architecture.ARM_64,
        handler="handler.handler",
        code=lambda_.Code.from_asset(str(one_file(Path(__file__).parent / "tick_function" / "handler.py"))),
        memory_size=128,
        timeout=Duration.seconds(59),
        environment={"RASTRO_RAW_STREAM": raw.stream_name},
        log_group=logs.LogGroup(
            scope,
            "TicksLog",
            retention=log_retention(environment.protection.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        ),
    )
    function.add_to_role_policy(
        iam.PolicyStatement(actions=["kinesis:ListShards", "kinesis:PutRecords"], resources=[raw.stream_arn])
    )
    if own_key is not None:
        own_key.grant_encrypt_decrypt(function)
    scheduler.Schedule(
        scope,
        "TicksSchedule",
        schedule_name=f"{environment.prefix}-ticks",
        description="Once a minute; the function ticks twice.",
        schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
        target=targets.LambdaInvoke(function, retry_attempts=0),
    )
    return function
