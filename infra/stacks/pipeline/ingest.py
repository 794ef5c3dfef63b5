"""The HTTP API and the function behind it."""

import json

import jsii
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigw
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.environments.settings import Environment
from infra.packaging import lambda_zip
from infra.stacks.log_retention import log_retention
from infra.stacks.pipeline import origin_lock
from infra.stacks.pipeline.parameters import Parameters
from ingest_lambda.routes import METHODS
from lake import layout

SITES_FILE = "sites.json"  # in the package

# No IP address, no key, no user agent: the access log holds no personal data.
_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "error": "$context.error.message",  # messageString brings quotes of its own
}


@jsii.implements(apigateway.IAccessLogSettings)
class AccessLog:
    """Where the access log goes and what a line holds."""

    def __init__(self, group: logs.LogGroup) -> None:
        self._group = group

    @property
    def destination(self) -> apigateway.IAccessLogDestination:
        return apigateway.LogGroupLogDestination(self._group)

    @property
    def format(self) -> apigw.AccessLogFormat:
        return apigw.AccessLogFormat.custom(json.dumps(_ACCESS_LOG))


def function(
    scope: Construct,
    environment: Environment,
    raw: kinesis.Stream,
    rejected: firehose.DeliveryStream,
    bucket: s3.Bucket,
    parameters: Parameters,
) -> lambda_.Function:
    target = lambda_zip.target(environment.ingest)
    package = lambda_zip.with_file(lambda_zip.build(target), SITES_FILE, environment.sites_text.encode())
    made = lambda_.Function(
        scope,
        "Ingest",
        function_name=f"{environment.prefix}-ingest",
        description="Takes storefront events; answers accepted only when they are in the raw stream.",
        runtime=lambda_.Runtime(f"python{target.python}", lambda_.RuntimeFamily.PYTHON),
        architecture=(
            lambda_.Architecture.ARM_64 if target.machine == "aarch64" else lambda_.Architecture.X86_64
        ),
        handler="ingest_lambda.handler.handler",
        code=lambda_.Code.from_asset(str(package)),
        memory_size=environment.ingest.memory_mb,
        timeout=Duration.seconds(environment.ingest.timeout_seconds),
        reserved_concurrent_executions=environment.ingest.reserved_concurrency or None,
        environment={
            "RASTRO_RAW_STREAM": raw.stream_name,
            "RASTRO_REJECTED_DELIVERY": rejected.delivery_stream_name,
            "RASTRO_SITES": f"ssm:{parameters.sites_name}",
            # Until the parameter was read once: when many instances start together, reads are throttled.
            "RASTRO_SITES_FIRST": SITES_FILE,
            "RASTRO_SALT": f"ssm:{parameters.secret_name}",
            "RASTRO_ENVIRONMENT": environment.name,
            # Behind CloudFront the connection's IP address is CloudFront's.
            "RASTRO_VIEWER_HEADER": (
                origin_lock.VIEWER_HEADER if environment.stacks.edge else environment.ingest.viewer_header
            ),
            "RASTRO_TRUSTED_PROXIES": str(environment.ingest.trusted_proxies),
            "RASTRO_PAYLOADS": f"s3://{bucket.bucket_name}/{layout.PAYLOADS.rstrip('/')}",
            "RASTRO_SCRIPTS_PATH": environment.ingest.scripts_path,
            "RASTRO_IMPORTS": f"s3://{bucket.bucket_name}/{layout.IMPORTS.rstrip('/')}",
        },
        log_group=logs.LogGroup(
            scope,
            "IngestLog",
            retention=log_retention(environment.protection.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        ),
        # Lambda's own START and REPORT of each request are a fifth of the log and say what its metrics say. At WARN
        # they come only with a failure or a timeout; our lines tell their level themselves.
        logging_format=lambda_.LoggingFormat.JSON,
        system_log_level_v2=lambda_.SystemLogLevel.WARN,
        application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
    )
    raw.grant_write(made)
    rejected.grant_put_records(made)
    made.add_to_role_policy(
        iam.PolicyStatement(
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"{prefix}*") for prefix in (layout.PAYLOADS, layout.IMPORTS)],
        )
    )
    parameters.grant_read(made, secret=True)
    return made


def api(scope: Construct, environment: Environment, handler: lambda_.Function) -> apigateway.HttpApi:
    """All routes lead to the one function, unknown ones too: every answer is ours and is JSON."""
    integration = integrations.HttpLambdaIntegration("IngestIntegration", handler)
    made = apigateway.HttpApi(
        scope,
        "Api",
        api_name=f"{environment.prefix}-events",
        description="Storefront events.",
        default_integration=integration,
        default_authorizer=origin_lock.authorizer(scope, environment) if environment.locked else None,
        create_default_stage=False,
    )
    for path, methods in METHODS.items():
        made.add_routes(
            path=path,
            methods=[apigateway.HttpMethod(method) for method in methods],
            integration=integration,
        )
    access_log = logs.LogGroup(
        scope,
        "ApiLog",
        retention=log_retention(environment.protection.log_days),
        removal_policy=RemovalPolicy.DESTROY,
    )
    apigateway.HttpStage(
        scope,
        "ApiStage",
        http_api=made,
        stage_name="$default",
        auto_deploy=True,
        throttle=apigateway.ThrottleSettings(
            rate_limit=environment.ingest.requests_per_second, burst_limit=environment.ingest.burst
        ),
        access_log_settings=AccessLog(access_log),
    )
    return made
