"""The lock: the API answers only requests that carry the secret which CloudFront adds.

An HTTP API takes neither a resource policy nor WAF, so an authorizer does it: without the header API
Gateway refuses by itself; the answer for a header is kept for an hour, so the function hardly runs.
"""

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.names import origin_secret_name
from infra.pipeline.retention import log_retention
from infra.settings import Environment

HEADER = "x-rastro-origin"
VIEWER_HEADER = "x-rastro-viewer"

_CODE = """
import hmac, os
import boto3

_SECRET = boto3.client("ssm").get_parameter(Name=os.environ["SECRET"], WithDecryption=True)["Parameter"]["Value"]


def handler(event, context):
    told = event.get("headers", {}).get("x-rastro-origin", "")
    return {"isAuthorized": hmac.compare_digest(told.encode(), _SECRET.encode())}
"""


def authorizer(scope: Construct, environment: Environment) -> authorizers.HttpLambdaAuthorizer:
    function = lambda_.Function(
        scope,
        "OriginLock",
        function_name=f"{environment.prefix}-origin-lock",
        description="Lets in what came through CloudFront.",
        runtime=lambda_.Runtime("python3.13", lambda_.RuntimeFamily.PYTHON),
        architecture=lambda_.Architecture.ARM_64,
        handler="index.handler",
        code=lambda_.Code.from_inline(_CODE.strip()),
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
