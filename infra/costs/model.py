"""Environment + load + prices → the lines of a month's bill."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infra.costs.load import TYPICAL, Load, PerEvent
from infra.environments.settings import Environment

FOLDER = Path(__file__).parent
HOURS = 730.0
SECONDS = HOURS * 3600
_GB = 1e9
_KB = 1024
_FIREHOSE_UNIT = 5 * _KB
"""Firehose rounds each record up to 5 KB."""
_SHARD_BYTES, _SHARD_RECORDS = 1e6, 1000.0
_HEADROOM = 0.5
"""Shards and tasks are sized for twice the average: days have peaks."""
_FLUSHES_A_MINUTE = 12
_BUCKETS = 256
_ALARMS, _ALARM_METRICS = 26, 34
_INGEST_METRICS, _CONSUMER_METRICS, _CANARY_METRICS = 7, 16, 4
_ENDPOINTS, _ZONES = 6, 2
_STATE_PUTS_A_SHARD = 518_400.0
"""A save every five seconds (decision 0003)."""
_LEASE_WRITES_A_SECOND = 0.95
"""Of one shard: a renewal each third of the failover time of 4 s, a checkpoint every 5 s."""


class Line(NamedTuple):
    """`usd`: of the month. `fixed`: whatever flows."""

    service: str
    what: str
    quantity: float
    unit: str
    usd: float
    fixed: bool


class Bill(NamedTuple):
    """The lines in the order of an event's way."""

    lines: tuple[Line, ...]
    events: float

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)

    @property
    def per_million(self) -> float:
        """Dollars for a million events, everything included."""
        return self.usd / self.events * 1e6 if self.events else math.inf


def prices(path: Path = FOLDER / "prices.toml") -> dict[str, Any]:
    """The price file: a table for each region, `source`, `date`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def bill(environment: Environment, load: Load, price: Mapping[str, float], each: PerEvent = TYPICAL) -> Bill:
    """The month's bill. `price`: one region's table of the price file."""
    counts = _Counts(environment, load, each)
    lines = tuple(
        Line(service, what, quantity, unit, quantity * price[key], fixed)
        for service, what, quantity, unit, key, fixed in _priced(environment, load, counts)
        if quantity
    )
    return Bill(lines, counts.events)


class _Counts:
    """What is counted by the services, for one month."""

    def __init__(self, environment: Environment, load: Load, each: PerEvent) -> None:
        self.requests = load.requests_per_second * SECONDS
        self.events = self.requests * load.events_per_request
        raw_record = each.record_bytes + each.raw_bytes * load.events_per_request
        self.raw_gb = self.requests * _up(raw_record, _KB) / _GB
        self.put_units = self.requests * math.ceil(raw_record / (25 * _KB))
        self.raw_firehose_gb = self.requests * _up(raw_record, _FIREHOSE_UNIT) / _GB
        # A flush packs what came in five seconds by bucket: few events a record while little flows.
        flushes = SECONDS / 60 * _FLUSHES_A_MINUTE
        packed = min(self.requests, flushes * _BUCKETS, self.requests)
        enriched_bytes = self.events * each.enriched_bytes
        record = max(enriched_bytes / packed if packed else 0.0, 1.0)
        records = packed * max(1.0, record / 900_000)
        size = min(record, 900_000)
        self.enriched_gb = records * _up(size, _KB) / _GB
        self.enriched_put_units = records * math.ceil(size / (25 * _KB))
        self.enriched_firehose_gb = records * _up(size, _FIREHOSE_UNIT) / _GB
        self.lambda_gb_seconds = (
            self.requests
            * (each.lambda_seconds + each.lambda_event_seconds * load.events_per_request)
            * environment.ingest.memory_mb
            / 1024
        )
        self.shards = self._shards(load, raw_record, each)
        busy = load.requests_per_second * (
            each.worker_record_seconds + each.worker_event_seconds * load.events_per_request
        )
        processors = environment.consumer.cpu / 1024
        self.tasks = max(environment.consumer.tasks_min, math.ceil(busy / (processors * _HEADROOM)))
        days = environment.lake.enriched_days or 365
        self.stored_gb = (
            self.events * each.parquet_bytes * days / 30.4
            + self.events * each.archived_bytes * environment.lake.raw_days / 30.4
        ) / _GB
        self.log_gb = self.requests * each.log_bytes / _GB
        self.files = 3 * SECONDS / environment.delivery.buffer_seconds
        self.consumer_gb = self.raw_gb + self.enriched_gb

    @staticmethod
    def _shards(load: Load, raw_record: float, each: PerEvent) -> tuple[int, int]:
        raw = max(
            load.requests_per_second / _SHARD_RECORDS, load.requests_per_second * raw_record / _SHARD_BYTES
        )
        enriched = load.events_per_second * each.enriched_bytes / _SHARD_BYTES
        return max(1, math.ceil(raw / _HEADROOM)), max(1, math.ceil(enriched / _HEADROOM))


def _up(size: float, unit: int) -> float:
    return math.ceil(size / unit) * unit


Priced = tuple[str, str, float, str, str, bool]
"""Service, what, quantity, unit, key of the price, fixed."""


def _priced(environment: Environment, load: Load, n: _Counts) -> Iterator[Priced]:
    yield "API Gateway", "requests", n.requests / 1e6, "million", "api_million_requests", False
    yield "Lambda", "requests", n.requests / 1e6, "million", "lambda_million_requests", False
    yield "Lambda", "memory and time", n.lambda_gb_seconds, "GB-s", "lambda_gb_second", False
    yield from _streams(environment, n)
    yield "Firehose", "raw archive", n.raw_firehose_gb, "GB", "firehose_gb", False
    yield "Firehose", "enriched events", n.enriched_firehose_gb, "GB", "firehose_gb", False
    yield "Firehose", "conversion to Parquet", n.enriched_gb, "GB", "firehose_gb_converted", False
    if environment.stacks.consumer:
        yield from _consumer(environment, n)
    yield "S3", "stored", n.stored_gb, "GB-month", "s3_gb_month", False
    yield "S3", "files of the lake", n.files / 1e3, "thousand", "s3_thousand_puts", True
    yield "CloudWatch", "logs", n.log_gb, "GB", "logs_gb", False
    metrics = _INGEST_METRICS + (_CANARY_METRICS if environment.monitoring.canary else 0)
    if environment.stacks.consumer:
        metrics += _CONSUMER_METRICS * (1 + n.shards[0])
    yield "CloudWatch", "metrics of our own", metrics, "metrics", "metric_month", True
    if environment.stacks.monitoring:
        yield "CloudWatch", f"{_ALARMS} alarms", _ALARM_METRICS, "metrics", "alarm_metric_month", True
    if environment.protection.encryption_key == "own":
        yield "KMS", "key", 1, "key", "kms_key_month", True
        yield "KMS", "requests", n.requests / 100 / 1e4, "ten thousand", "kms_ten_thousand_requests", False
    if environment.stacks.analytics:
        canary = 10e6 * SECONDS / 300 / 1e12 if environment.monitoring.canary else 0.0
        yield "Athena", "canary, 10 MB a query", canary, "TB", "athena_tb", True
        yield "Athena", "people's queries", load.scanned_gb / 1e3, "TB", "athena_tb", False
    if environment.stacks.edge:
        yield "WAF", "web ACL", 1, "ACL", "waf_acl_month", True
        yield "WAF", "rules", 2, "rules", "waf_rule_month", True
        yield "WAF", "requests", n.requests / 1e6, "million", "waf_million_requests", False
        key = "cloudfront_ten_thousand_requests"
        yield "CloudFront", "requests", n.requests / 1e4, "ten thousand", key, False


def _streams(environment: Environment, n: _Counts) -> Iterator[Priced]:
    kept_days = (environment.streams.retention_hours - 24) / 24
    if environment.streams.mode == "on_demand":
        key = "kinesis_on_demand_stream_hour"
        yield "Kinesis", "2 streams on demand", 2 * HOURS, "hours", key, True
        yield "Kinesis", "in", n.raw_gb + n.enriched_gb, "GB", "kinesis_on_demand_gb_in", False
        # Out: consumer and archive read the raw stream, the delivery the enriched one.
        yield "Kinesis", "out", 2 * n.raw_gb + n.enriched_gb, "GB", "kinesis_on_demand_gb_out", False
        kept = (n.raw_gb + n.enriched_gb) * kept_days / 30.4
        key = "kinesis_on_demand_gb_month_kept"
        yield "Kinesis", "kept after a day", kept, "GB-month", key, False
        return
    shards = max(n.shards[0], environment.streams.raw_shards) + max(
        n.shards[1], environment.streams.enriched_shards
    )
    yield "Kinesis", f"{shards} shards", shards * HOURS, "hours", "kinesis_shard_hour", True
    units = (n.put_units + n.enriched_put_units) / 1e6
    yield "Kinesis", "payload units of 25 KB", units, "million", "kinesis_million_put_units", False
    if kept_days > 0:
        yield "Kinesis", "kept after a day", shards * HOURS, "shard-hours", "kinesis_shard_hour_kept", True


def _consumer(environment: Environment, n: _Counts) -> Iterator[Priced]:
    consumer = environment.consumer
    hours = n.tasks * HOURS
    what = f"{n.tasks} tasks"
    yield "Fargate", f"{what}, processors", hours * consumer.cpu / 1024, "vCPU-h", "fargate_vcpu_hour", True
    yield "Fargate", f"{what}, memory", hours * consumer.memory_mib / 1024, "GB-h", "fargate_gb_hour", True
    writes = n.shards[0] * _LEASE_WRITES_A_SECOND * SECONDS / 1e6
    yield "DynamoDB", "leases, writes", writes, "million", "dynamodb_million_writes", True
    yield "DynamoDB", "leases, reads", writes / 2, "million", "dynamodb_million_reads", True
    yield "S3", "session log", n.shards[0] * _STATE_PUTS_A_SHARD / 1e3, "thousand", "s3_thousand_puts", True
    if environment.network.vpc_id:
        return
    if environment.network.egress == "nat":
        yield "Network", "NAT gateway", HOURS, "hours", "nat_hour", True
        yield "Network", "through NAT", n.consumer_gb, "GB", "nat_gb", False
    else:
        links = _ENDPOINTS * _ZONES
        yield (
            "Network",
            f"{_ENDPOINTS} private links, {_ZONES} zones",
            links * HOURS,
            "hours",
            "endpoint_hour",
            True,
        )
        yield "Network", "through private links", n.consumer_gb, "GB", "endpoint_gb", False
