"""The CloudWatch dashboard: the way of an event from top to bottom."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from enrich_consumer.edges.metrics import MetricName as ConsumerMetric
from infra.environments.settings import Environment
from infra.stacks.monitoring import metrics
from infra.stacks.monitoring.alarms import Names


def make(
    scope: Construct, environment: Environment, names: Names, alarms: Sequence[cloudwatch.Alarm]
) -> cloudwatch.Dashboard:
    rows = [_ingest(environment, names), _streams(names)]
    if environment.stacks.consumer:
        rows += [_consumer(environment), _service(environment)]
    rows.append(_delivery(names))
    if environment.monitoring.canary:
        rows.append(_canary(environment))
    return cloudwatch.Dashboard(
        scope,
        "Dashboard",
        dashboard_name=environment.prefix,
        default_interval=Duration.hours(3),
        widgets=[
            [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=4)],
            *rows,
        ],
    )


def _graph(
    title: str, left: Sequence[cloudwatch.IMetric], right: Sequence[cloudwatch.IMetric] = (), width: int = 8
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(title=title, left=list(left), right=list(right), width=width)


def _ingest(environment: Environment, names: Names) -> list[cloudwatch.IWidget]:
    api, ours = metrics.api_metric, metrics.ingest_metric
    return [
        _graph("Requests", [api(names.api_id, "Count"), api(names.api_id, "4xx"), api(names.api_id, "5xx")]),
        _graph(
            "Answer time, ms",
            [api(names.api_id, "Latency", statistic) for statistic in ("p50", "p99")]
            + [ours(environment, "PutLatency", "p99")],
        ),
        _graph(
            "Events at ingest",
            [ours(environment, "Accepted"), ours(environment, "Rejected")],
            [ours(environment, name) for name in ("Refused", "Unavailable", "InternalErrors")],
        ),
    ]


def _streams(names: Names) -> list[cloudwatch.IWidget]:
    stream = metrics.stream_metric
    return [
        _graph(
            "Records in", [stream(names.raw, "IncomingRecords"), stream(names.enriched, "IncomingRecords")]
        ),
        _graph("Bytes in", [stream(names.raw, "IncomingBytes"), stream(names.enriched, "IncomingBytes")]),
        _graph(
            "Refused for being over the limit",
            [
                stream(names.raw, "WriteProvisionedThroughputExceeded"),
                stream(names.enriched, "WriteProvisionedThroughputExceeded"),
                stream(names.raw, "ReadProvisionedThroughputExceeded"),
            ],
        ),
    ]


def _consumer(environment: Environment) -> list[cloudwatch.IWidget]:
    def total(*wanted: ConsumerMetric) -> list[cloudwatch.IMetric]:
        return [metrics.consumer_metric(environment, name, "Sum", metrics.FIVE) for name in wanted]

    lag = metrics.consumer_metric(environment, "MillisBehindLatest", "Maximum", metrics.MINUTE)
    # Each shard tells its own once a minute; the sum of a minute is all visitors in memory.
    memory = metrics.consumer_metric(environment, "VisitorsOpen", "Sum", metrics.MINUTE)
    return [
        _graph("Lag, ms", [lag]),
        _graph("Events", total("EventsIn", "EventsDuplicate", "EventsRejected", "EventsLate")),
        _graph(
            "Sessions",
            [*total("SessionsOpened", "SessionsMerged"), memory],
            total("SessionEnds", "CartEvents"),
        ),
    ]


def _service(environment: Environment) -> list[cloudwatch.IWidget]:
    cluster, service = environment.prefix, environment.application
    return [
        _graph(
            "Load of the tasks, percent",
            [
                metrics.service_metric(cluster, service, "CPUUtilization"),
                metrics.service_metric(cluster, service, "MemoryUtilization"),
            ],
        ),
        _graph(
            "Tasks",
            [
                metrics.tasks_metric(cluster, service, "RunningTaskCount"),
                metrics.tasks_metric(cluster, service, "DesiredTaskCount"),
            ],
        ),
        _graph(
            "Trouble",
            [
                metrics.consumer_metric(environment, name, "Sum", metrics.FIVE)
                for name in ("PutRetries", "CheckpointsRefused", "RecordsReplayed", "CborRefused")
            ],
        ),
    ]


def _delivery(names: Names) -> list[cloudwatch.IWidget]:
    delivery = metrics.delivery_metric
    every = (names.enriched_delivery, names.rejected_delivery, names.raw_delivery)
    return [
        _graph(
            "Oldest undelivered record, s",
            [delivery(name, "DeliveryToS3.DataFreshness", "Maximum") for name in every],
        ),
        _graph("Records to S3", [delivery(name, "DeliveryToS3.Records") for name in every]),
        _graph(
            "Not converted, rejected",
            [
                delivery(names.enriched_delivery, "FailedConversion.Records"),
                delivery(names.rejected_delivery, "FailedConversion.Records"),
                delivery(names.rejected_delivery, "IncomingRecords"),
            ],
        ),
    ]


def _canary(environment: Environment) -> list[cloudwatch.IWidget]:
    canary = metrics.canary_metric
    return [
        _graph("Canary: accepted", [canary(environment, "Accepted", "Minimum")]),
        _graph("Canary: answer, ms", [canary(environment, "AnswerMillis")]),
        _graph(
            "Canary: storefront to lake, s",
            [canary(environment, "LatencySeconds"), canary(environment, "AgeSeconds")],
        ),
    ]
