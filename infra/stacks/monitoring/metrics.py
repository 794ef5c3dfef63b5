"""Every metric that alarms, scaling, canary and dashboard look at, by name: here and nowhere else.

A test compares the names: ours with the code that writes them, AWS's with what AWS documents.
"""

from typing import Final, Literal

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from enrich_consumer.edges.metrics import NAMESPACE as CONSUMER
from enrich_consumer.edges.metrics import MetricName as ConsumerMetric
from infra.environments.settings import Environment
from ingest_lambda.metrics import NAMESPACE as INGEST
from ingest_lambda.metrics import Metric as IngestMetric

CANARY = "Rastro/Canary"
RESTARTS: Final = "DaemonRestarts"
"""What the supervisor in the task counts (`enrich_consumer/edges/kcl/supervisor.py`)."""

CanaryMetric = Literal["Accepted", "AnswerMillis", "AgeSeconds", "LatencySeconds"]

MINUTE = Duration.minutes(1)
FIVE = Duration.minutes(5)


def _metric(
    namespace: str, name: str, statistic: str, period: Duration, dimensions: dict[str, str], label: str
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        statistic=statistic,
        period=period,
        dimensions_map=dimensions,
        label=label,
    )


def consumer_metric(
    environment: Environment,
    name: ConsumerMetric | Literal["DaemonRestarts"],
    statistic: str,
    period: Duration,
) -> cloudwatch.Metric:
    """What the consumer writes into its log; over all its shards."""
    return _metric(CONSUMER, name, statistic, period, {"Application": environment.application}, name)


def ingest_metric(
    environment: Environment, name: IngestMetric, statistic: str = "Sum", period: Duration = FIVE
) -> cloudwatch.Metric:
    """What the ingest function writes into its log; over all sites."""
    return _metric(INGEST, name, statistic, period, {"Environment": environment.name}, name)


def canary_metric(
    environment: Environment, name: CanaryMetric, statistic: str = "Maximum", period: Duration = FIVE
) -> cloudwatch.Metric:
    return _metric(CANARY, name, statistic, period, {"Environment": environment.name}, name)


def stream_metric(
    stream: str,
    name: Literal[
        "IncomingRecords",
        "IncomingBytes",
        "WriteProvisionedThroughputExceeded",
        "ReadProvisionedThroughputExceeded",
        "GetRecords.IteratorAgeMilliseconds",
    ],
    statistic: str = "Sum",
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    return _metric("AWS/Kinesis", name, statistic, period, {"StreamName": stream}, f"{stream} {name}")


def delivery_metric(
    delivery: str,
    name: Literal[
        "IncomingRecords",
        "DeliveryToS3.DataFreshness",
        "DeliveryToS3.Success",
        "DeliveryToS3.Records",
        "FailedConversion.Records",
        "SucceedConversion.Records",
        "ThrottledRecords",
    ],
    statistic: str = "Sum",
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    return _metric(
        "AWS/Firehose", name, statistic, period, {"DeliveryStreamName": delivery}, f"{delivery} {name}"
    )


def api_metric(
    api_id: str,
    name: Literal["Count", "4xx", "5xx", "Latency", "IntegrationLatency"],
    statistic: str = "Sum",
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    return _metric(
        "AWS/ApiGateway", name, statistic, period, {"ApiId": api_id, "Stage": "$default"}, f"API {name}"
    )


def function_metric(
    function: str,
    name: Literal["Errors", "Throttles", "Duration", "ConcurrentExecutions"],
    statistic: str = "Sum",
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    return _metric("AWS/Lambda", name, statistic, period, {"FunctionName": function}, f"{function} {name}")


def table_metric(
    table: str,
    name: Literal["ReadThrottleEvents", "WriteThrottleEvents"],
    statistic: str = "Sum",
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    return _metric("AWS/DynamoDB", name, statistic, period, {"TableName": table}, f"{table} {name}")


def service_metric(
    cluster: str,
    service: str,
    name: Literal["CPUUtilization", "MemoryUtilization"],
    statistic: str = "Average",
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    return _metric("AWS/ECS", name, statistic, period, {"ClusterName": cluster, "ServiceName": service}, name)


def tasks_metric(
    cluster: str,
    service: str,
    name: Literal["RunningTaskCount", "DesiredTaskCount"],
    statistic: str = "Minimum",
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    return _metric(
        "ECS/ContainerInsights",
        name,
        statistic,
        period,
        {"ClusterName": cluster, "ServiceName": service},
        name,
    )


def machine_metric(
    machine: str,
    name: Literal["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsSucceeded"],
    period: Duration = FIVE,
) -> cloudwatch.Metric:
    """Of a state machine of this account and region."""
    arn = f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:stateMachine:{machine}"
    return _metric("AWS/States", name, "Sum", period, {"StateMachineArn": arn}, f"{machine} {name}")
