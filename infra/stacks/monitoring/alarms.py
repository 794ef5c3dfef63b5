"""The alarms as data: what each means, when it fires, which section of the runbook it leads to."""

from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.environments.resource_names import KCL_TABLES
from infra.environments.settings import Environment
from infra.stacks.monitoring import metrics

_MINUTE_MS = 60_000
_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_MISSING_BAD = cloudwatch.TreatMissingData.BREACHING
_MISSING_GOOD = cloudwatch.TreatMissingData.NOT_BREACHING


class Names(NamedTuple):
    """Names of the resources that alarms look at."""

    raw: str
    enriched: str
    enriched_delivery: str
    rejected_delivery: str
    raw_delivery: str
    api_id: str
    function: str


class Alarm(NamedTuple):
    """An alarm. `name` is also the anchor of its section in the runbook.

    It fires when `metric` is beyond `threshold` in `points` of the last `periods` periods of the metric.
    """

    name: str
    meaning: str
    metric: cloudwatch.IMetric
    threshold: float
    periods: int = 1
    points: int = 1
    comparison: cloudwatch.ComparisonOperator = _ABOVE
    missing: cloudwatch.TreatMissingData = _MISSING_GOOD


def alarms_of(environment: Environment, names: Names) -> list[Alarm]:
    """All alarms of one environment, from the storefront to the lake."""
    found = [*_ingest(environment, names), *_streams(names), *_delivery(environment, names)]
    if environment.stacks.consumer:
        found += _consumer(environment, names)
    if environment.stacks.analytics:
        found += _tables(environment)
    if environment.monitoring.canary:
        found += _canary(environment)
    return found


def _ingest(environment: Environment, names: Names) -> list[Alarm]:
    settings = environment.monitoring
    found = [
        Alarm(
            "ingest-5xx",
            "Storefronts get errors instead of 202; they send again, but not for ever.",
            metrics.api_metric(names.api_id, "5xx"),
            threshold=5,
            periods=3,
            points=2,
        ),
        Alarm(
            "ingest-latency",
            f"One request in a hundred takes longer than {settings.latency_ms} ms.",
            metrics.api_metric(names.api_id, "Latency", "p99"),
            threshold=settings.latency_ms,
            periods=3,
            points=3,
        ),
        Alarm(
            "ingest-throttled",
            "Requests were turned away because the function may not run more often at once.",
            metrics.function_metric(names.function, "Throttles"),
            threshold=0,
            periods=3,
            points=2,
        ),
        Alarm(
            "ingest-unavailable",
            "Events could not be made durable and were answered with 503.",
            metrics.ingest_metric(environment, "Unavailable"),
            threshold=0,
            periods=3,
            points=2,
        ),
        Alarm(
            "sites-document",
            "The newest sites document cannot be used; ingest goes on with the one before.",
            metrics.ingest_metric(environment, "SitesDocumentInvalid"),
            threshold=0,
        ),
        Alarm(
            "cookieless-secret",
            "The secret of the cookieless hash cannot be read; events without visitor_id get 503.",
            metrics.ingest_metric(environment, "SaltUnreadable"),
            threshold=0,
        ),
        Alarm(
            "rejected-share",
            f"More than {settings.rejected_percent} % of the events are rejected.",
            _share(
                metrics.ingest_metric(environment, "Rejected"),
                metrics.ingest_metric(environment, "Accepted"),
                "rejected events in percent",
            ),
            threshold=settings.rejected_percent,
            periods=3,
            points=3,
        ),
    ]
    if settings.quiet_minutes:
        found.append(
            Alarm(
                "no-traffic",
                f"Not one request but the canary's for {settings.quiet_minutes} minutes.",
                _requests_of_shops(environment, names, Duration.minutes(settings.quiet_minutes)),
                threshold=1,
                comparison=_BELOW,
                missing=_MISSING_BAD,
            )
        )
    return found


def _requests_of_shops(environment: Environment, names: Names, period: Duration) -> cloudwatch.IMetric:
    """All requests but the canary's: it posts every five minutes to the same API, and would feed the alarm."""
    requests = metrics.api_metric(names.api_id, "Count", "Sum", period)
    if not environment.monitoring.canary:
        return requests
    return cloudwatch.MathExpression(
        expression="FILL(requests, 0) - FILL(canary, 0)",
        using_metrics={
            "requests": requests,
            "canary": metrics.canary_metric(environment, "Accepted", "SampleCount", period),
        },
        label="requests of shops",
        period=period,
    )


def _streams(names: Names) -> list[Alarm]:
    return [
        Alarm(
            f"{role}-stream-throttled",
            f"The {role} stream refuses records: a shard is over its limit.",
            metrics.stream_metric(stream, "WriteProvisionedThroughputExceeded"),
            threshold=0,
            periods=3,
            points=2,
        )
        for role, stream in (("raw", names.raw), ("enriched", names.enriched))
    ] + [
        Alarm(
            "raw-stream-reads-throttled",
            "Readers of the raw stream get in each other's way.",
            metrics.stream_metric(names.raw, "ReadProvisionedThroughputExceeded"),
            threshold=50,
            periods=3,
            points=3,
        )
    ]


def _delivery(environment: Environment, names: Names) -> list[Alarm]:
    settings = environment.monitoring
    deliveries = {
        "enriched": names.enriched_delivery,
        "rejected": names.rejected_delivery,
        "raw": names.raw_delivery,
    }
    found = [
        Alarm(
            f"{role}-delivery-late",
            f"Rows wait longer than {settings.freshness_minutes} minutes for their way to S3.",
            metrics.delivery_metric(delivery, "DeliveryToS3.DataFreshness", "Maximum"),
            threshold=settings.freshness_minutes * 60,
            periods=2,
            points=2,
        )
        for role, delivery in deliveries.items()
    ]
    found += [
        Alarm(
            f"{role}-conversion-failed",
            "Rows do not fit the table and lie under errors/ instead.",
            metrics.delivery_metric(deliveries[role], "FailedConversion.Records"),
            threshold=0,
        )
        for role in ("enriched", "rejected")
    ]
    found += [
        Alarm(
            "rejected-delivery-throttled",
            "Rejected events cannot be stored fast enough; ingest answers 503 for their requests.",
            metrics.delivery_metric(names.rejected_delivery, "ThrottledRecords"),
            threshold=0,
            periods=3,
            points=2,
        ),
        Alarm(
            "dead-letters",
            f"More than {settings.rejected_per_hour} rejected rows within an hour.",
            metrics.delivery_metric(names.rejected_delivery, "IncomingRecords", "Sum", Duration.hours(1)),
            threshold=settings.rejected_per_hour,
        ),
    ]
    return found


def _consumer(environment: Environment, names: Names) -> list[Alarm]:
    settings = environment.monitoring
    arrived = metrics.stream_metric(names.raw, "IncomingRecords")
    read = metrics.consumer_metric(environment, "RecordsIn", "Sum", metrics.FIVE)
    found = [
        Alarm(
            "consumer-lag",
            f"Events wait longer than {settings.lag_minutes} minutes to be enriched.",
            metrics.consumer_metric(environment, "MillisBehindLatest", "Maximum", metrics.FIVE),
            threshold=settings.lag_minutes * _MINUTE_MS,
            periods=2,
            points=2,
        ),
        Alarm(
            "consumer-stalled",
            "Records arrive and none is read: the consumer is down or stands still.",
            cloudwatch.MathExpression(
                expression="IF(FILL(arrived, 0) > 0 AND FILL(read, 0) == 0, 1, 0)",
                using_metrics={"arrived": arrived, "read": read},
                label="records in, none out",
                period=metrics.FIVE,
            ),
            threshold=0,
            periods=2,
            points=2,
        ),
        Alarm(
            "shard-unread",
            "Fewer records are read than arrive: a shard has no working reader.",
            cloudwatch.MathExpression(
                expression="IF(FILL(arrived, 0) > 100, 100 * (arrived - FILL(read, 0)) / arrived, 0)",
                using_metrics={"arrived": arrived, "read": read},
                label="records not read, in percent",
                period=metrics.FIVE,
            ),
            threshold=20,
            periods=4,
            points=4,
        ),
        Alarm(
            "consumer-tasks",
            "Fewer tasks run than should.",
            metrics.tasks_metric(environment.prefix, environment.application, "RunningTaskCount"),
            threshold=environment.consumer.tasks_min,
            periods=2,
            points=2,
            comparison=_BELOW,
            missing=_MISSING_BAD,
        ),
        Alarm(
            "consumer-restarts",
            "KCL's daemon died and was started again inside its task; its shards stood still meanwhile.",
            metrics.consumer_metric(environment, metrics.RESTARTS, "Sum", metrics.FIVE),
            threshold=0,
        ),
        Alarm(
            "consumer-memory",
            "The consumer uses nearly all its memory; beyond it the task is killed.",
            metrics.service_metric(
                environment.prefix, environment.application, "MemoryUtilization", "Maximum"
            ),
            threshold=90,
            periods=3,
            points=3,
        ),
    ]
    if environment.closing.ticks:
        found.append(
            Alarm(
                "ticks-missing",
                "No tick reached the consumer: sessions and carts of quiet shards do not close.",
                metrics.consumer_metric(environment, "Ticks", "Sum", metrics.FIVE),
                threshold=1,
                periods=2,
                points=2,
                comparison=_BELOW,
                missing=_MISSING_BAD,
            )
        )
    return found + [
        _lease_table(f"{environment.application}{suffix}", suffix.strip("-").lower() or "leases", word)
        for suffix in KCL_TABLES
        for word in ("reads", "writes")
    ]


def _lease_table(table: str, kind: str, word: str) -> Alarm:
    return Alarm(
        f"lease-table-throttled-{kind}-{word}",
        f"DynamoDB refuses {word} of {table}; leases may be lost.",
        # Alarms on AWS/DynamoDB ignore missing data whatever they say, and would stay in ALARM (PutMetricAlarm).
        cloudwatch.MathExpression(
            expression="FILL(throttled, 0)",
            using_metrics={
                "throttled": metrics.table_metric(
                    table, "ReadThrottleEvents" if word == "reads" else "WriteThrottleEvents"
                )
            },
            label=f"{table} {word} throttled",
            period=metrics.FIVE,
        ),
        threshold=0,
        periods=3,
        points=2,
    )


def _canary(environment: Environment) -> list[Alarm]:
    return [
        Alarm(
            "canary-refused",
            "A good event was not accepted.",
            metrics.canary_metric(environment, "Accepted", "Minimum"),
            threshold=1,
            periods=3,
            points=2,
            comparison=_BELOW,
            missing=_MISSING_BAD,
        ),
        Alarm(
            "canary-late",
            f"The newest canary row in Athena is older than {environment.monitoring.canary_minutes} minutes.",
            metrics.canary_metric(environment, "AgeSeconds"),
            threshold=environment.monitoring.canary_minutes * 60,
            periods=3,
            points=2,
            missing=_MISSING_BAD,
        ),
    ]


def anchor(alarm: Alarm) -> str:
    """The section of the runbook: all alarms on KCL's lease table share one."""
    return "lease-table-throttled" if alarm.name.startswith("lease-table") else alarm.name


def _share(part: cloudwatch.IMetric, rest: cloudwatch.IMetric, label: str) -> cloudwatch.MathExpression:
    """Percent of the whole; 0 while there is little to judge by."""
    return cloudwatch.MathExpression(
        expression="IF(FILL(part, 0) + FILL(rest, 0) > 100, 100 * FILL(part, 0) / (FILL(part, 0) + FILL(rest, 0)), 0)",
        using_metrics={"part": part, "rest": rest},
        label=label,
        period=metrics.FIVE,
    )


def _tables(environment: Environment) -> list[Alarm]:
    machine = f"{environment.prefix}-tables"
    return [
        Alarm(
            "tables-failed",
            "A job of the Iceberg tables failed; the next run takes up what it left.",
            metrics.machine_metric(machine, "ExecutionsFailed"),
            threshold=0,
        ),
        Alarm(
            "tables-late",
            "No job of the Iceberg tables came to its end for three hours: dashboards stand still.",
            metrics.machine_metric(machine, "ExecutionsSucceeded", Duration.hours(1)),
            threshold=1,
            periods=3,
            points=3,
            comparison=_BELOW,
            missing=_MISSING_BAD,
        ),
    ]
