"""The lock: the API answers only requests that carry the secret which CloudFront adds.

An HTTP API takes neither a resource policy nor WAF, so an authorizer does it: without the header API
Gateway refuses by itself; the answer for a header is cached for an hour, so the function hardly runs.
"""

from pathlib import Path

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.environments.resource_names import origin_secret_name
from infra.environments.settings import Environment
from infra.packaging.lambda_zip import one_file
from infra.stacks.log_retention import log_retention
from infra.stacks.pipeline.origin_lock.handler import HEADER

__all__ = ["HEADER", "VIEWER_HEADER", "authorizer"]

VIEWER_HEADER = "x-rastro-viewer"


def authorizer(scope: Construct, environment: Environment) -> authorizers.HttpLambdaAuthorizer:
    function = lambda_.Function(
        scope,
        "OriginLock",
        function_name=f"{environment.prefix}-origin-lock",
        description="Lets in what came through CloudFront.",
        runtime=lambda_.Runtime("python3.13", lambda_.RuntimeFamily.PYTHON),
        architecture=lambda_.Architecture.ARM_64,
        handler="handler.handler",
        code=lambda_.Code.from_asset(str(one_file(Path(__file__).parent / "handler.py"))),
        environment={"SECRET": origin_secret_name(environment)},
        memory_size=128,
        timeout=Duration.seconds(5),
        log_group=logs.LogGroup(
            scope,
            "OriginLockLog",
            retention=log_retention(environment.protection.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        ),
    )
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["ssm:GetParameter"],
            resources=[
                Stack.of(scope).format_arn(
                    service="ssm",
                    resource="parameter",
                    resource_name=origin_secret_name(environment).lstrip("/"),
                    arn_format=ArnFormat.SLASH_RESOURCE_NAME,
                )
            ],
        )
    )
    return authorizers.HttpLambdaAuthorizer(
        "CloudFrontOnly",
        function,
        identity_source=[f"$request.header.{HEADER}"],
        response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
        results_cache_ttl=Duration.hours(1),
    )
