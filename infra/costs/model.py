"""Environment + load + prices → the lines of a month's bill."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infra.costs import jobs
from infra.costs.load import TYPICAL, Load, PerEvent
from infra.costs.rounding import rounded, shared
from infra.environments.settings import Environment
from schemas import parse_sites

FOLDER = Path(__file__).parent
HOURS = 730.0
SECONDS = HOURS * 3600
_GB = 1e9
_KB = 1024
_PUT_UNIT = 25 * _KB
_FIREHOSE_UNIT = 5 * _KB
"""Firehose rounds each record up to 5 KB."""
_SHARD_BYTES, _SHARD_RECORDS = 1e6, 1000.0
_ON_DEMAND_SHARDS = 4
"""Of a stream on demand at least; shards are not billed there, but readers and leases go by them."""
_HEADROOM = 0.5
"""Shards and tasks are sized for twice the average: days have peaks."""
_BUCKETS = 256
_MOST_BYTES, _MOST_EVENTS = 900_000, 500
"""Of a record of the enriched stream."""
_ROWS_A_RECORD = 100
"""Rows of session ends or of cart events that share a record."""
_SNAPSHOT_SAVES = 60
_SNAPSHOT_REQUESTS = 5
"""A put and four lists, which cost the same; deletes are free."""
_LEASE_BYTES, _SCAN_UNIT = 400, 4096
_SHARD_MIB, _JAVA_SHARDS = 256, 4
"""Memory of a shard's process with its state, and Java's in such shares: eight shards in a task of 3 GiB."""
_INGEST_METRICS, _SITE_METRICS, _CONSUMER_METRICS, _SHARD_METRICS, _CANARY_METRICS = 4, 2, 16, 1, 4
"""That a day without faults shows; of ingest, of each site, of the consumer, of each shard, of the canary."""
_ENDPOINTS, _ZONES = 6, 2


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
    counts = Counts(environment, load, each)
    lines = tuple(
        Line(service, what, quantity, unit, quantity * price[key], fixed)
        for service, what, quantity, unit, key, fixed in _priced(environment, load, counts)
        if quantity
    )
    return Bill(lines, counts.events)


def alarm_counts(environment: Environment) -> tuple[int, int]:
    """(alarms, metrics that they look at); a test holds them to `infra/stacks/monitoring/alarms.py`."""
    consumer, tables = environment.stacks.consumer, environment.stacks.analytics
    alarms = 17 + (8 if consumer else 0) + (2 if tables else 0) + (2 if environment.monitoring.canary else 0)
    looked_at = alarms + 1 + (2 if consumer else 0)  # a share of two metrics; two that compare two streams
    if environment.monitoring.quiet_minutes:
        alarms, looked_at = alarms + 1, looked_at + (2 if environment.monitoring.canary else 1)
    if consumer and environment.closing.ticks:
        alarms, looked_at = alarms + 1, looked_at + 1
    if consumer and environment.consumer.tasks_max > environment.consumer.tasks_min:
        alarms, looked_at = (
            alarms + 3,
            looked_at + 3,
        )  # of auto scaling: one for lag, two that AWS makes for the CPU
    return alarms, looked_at


class Counts:
    """What is counted by the services, for one month."""

    def __init__(self, environment: Environment, load: Load, each: PerEvent) -> None:
        self.requests = load.requests_per_second * SECONDS
        self.events = self.requests * load.events_per_request
        raw_record = each.record_bytes + each.raw_bytes * load.events_per_request
        spread = each.raw_spread * math.sqrt(load.events_per_request)
        self.raw_gb = self.requests * rounded(raw_record, spread, _KB) / _GB
        self.put_units = self.requests * rounded(raw_record, spread, _PUT_UNIT) / _PUT_UNIT
        # Firehose takes the data without the partition key, a few bytes less than Kinesis bills.
        self.raw_firehose_gb = self.requests * rounded(raw_record, spread, _FIREHOSE_UNIT) / _GB
        self.shards = self._shards(environment, load, raw_record, each)
        self._enriched(load, each)
        self._rows(each)
        self.lambda_gb_seconds = (
            self.requests
            * (each.lambda_seconds + each.lambda_event_seconds * load.events_per_request)
            * environment.ingest.memory_mb
            / 1024
        )
        busy = load.requests_per_second * (
            each.worker_record_seconds + each.worker_event_seconds * load.events_per_request
        )
        processors = environment.consumer.cpu / 1024
        self.tasks = max(
            environment.consumer.tasks_min,
            math.ceil(busy / (processors * _HEADROOM)),
            math.ceil(self.shards[0] / (environment.consumer.memory_mib / _SHARD_MIB - _JAVA_SHARDS)),
        )
        days = environment.lake.enriched_days or 365
        self.stored_gb = (
            self.events * each.parquet_bytes * days / 30.4
            + self.events * each.archived_bytes * environment.lake.raw_days / 30.4
        ) / _GB
        self.log_gb = self.requests * each.log_bytes / _GB
        self.files = 5 * SECONDS / environment.delivery.buffer_seconds
        self.consumer_gb = self.raw_gb + self.enriched_gb
        # A shard in which nothing happens saves nothing; the schedule's ticks wake each twice a minute.
        busy_saves = 1 - math.exp(-load.requests_per_second / self.shards[0] / each.saves_a_second)
        ticked = 2 / 60 / each.saves_a_second if environment.closing.ticks else 0.0
        saves = SECONDS * each.saves_a_second * min(1.0, max(busy_saves, ticked))
        self.state_requests = self.shards[0] * saves * (1 + _SNAPSHOT_REQUESTS / _SNAPSHOT_SAVES)
        self.lease_writes = self.shards[0] * each.lease_writes_a_second * SECONDS
        scan = max(1.0, math.ceil(self.shards[0] * _LEASE_BYTES / _SCAN_UNIT))
        self.lease_reads = self.tasks * each.lease_scans_a_second * scan * SECONDS
        self.jobs = jobs.month(self.events, each)

    def _enriched(self, load: Load, each: PerEvent) -> None:
        """Each put of a shard packs what came since the last one by bucket of visitors: few events share a record while
        little flows."""
        shards = self.shards[0]
        requests = load.requests_per_second / shards * each.put_seconds
        records = size_kb = size_units = size_firehose = 0.0
        for number, buckets in shared(requests, max(1.0, _BUCKETS / shards)):
            events = number * load.events_per_request
            mean, spread = events * each.enriched_bytes, each.enriched_spread * math.sqrt(events)
            parts = max(1.0, math.ceil(max(mean / _MOST_BYTES, events / _MOST_EVENTS)))
            mean, spread = mean / parts, spread / parts
            records += buckets * parts
            size_kb += buckets * parts * rounded(mean + each.key_bytes, spread, _KB)
            size_units += buckets * parts * rounded(mean + each.key_bytes, spread, _PUT_UNIT) / _PUT_UNIT
            size_firehose += buckets * parts * rounded(mean, spread, _FIREHOSE_UNIT)
        puts = SECONDS / each.put_seconds * shards
        self.enriched_records = puts * records
        self.enriched_gb = puts * size_kb / _GB
        self.enriched_put_units = puts * size_units
        self.enriched_firehose_gb = puts * size_firehose / _GB

    def _rows(self, each: PerEvent) -> None:
        """Rows of session ends and of cart events, put beside the enriched ones."""
        puts = SECONDS / each.put_seconds * self.shards[0]
        self.rows_gb = self.rows_firehose_gb = 0.0
        for share in (each.session_rows, each.cart_rows):
            rows = self.events * share
            records = puts * (1 - math.exp(-rows / puts)) + rows / _ROWS_A_RECORD
            size = rows * each.row_bytes / records if records else 0.0
            self.rows_gb += rows * each.row_bytes / _GB
            self.rows_firehose_gb += records * _up(size, _FIREHOSE_UNIT) / _GB

    @staticmethod
    def _shards(environment: Environment, load: Load, raw_record: float, each: PerEvent) -> tuple[int, int]:
        raw = max(
            load.requests_per_second / _SHARD_RECORDS, load.requests_per_second * raw_record / _SHARD_BYTES
        )
        enriched = load.events_per_second * each.enriched_bytes / _SHARD_BYTES
        streams = environment.streams
        least = (
            (_ON_DEMAND_SHARDS, _ON_DEMAND_SHARDS)
            if streams.mode == "on_demand"
            else (streams.raw_shards, streams.enriched_shards)
        )
        return max(least[0], math.ceil(raw / _HEADROOM)), max(least[1], math.ceil(enriched / _HEADROOM))


def _up(size: float, unit: int) -> float:
    return math.ceil(size / unit) * unit


Priced = tuple[str, str, float, str, str, bool]
"""Service, what, quantity, unit, key of the price, fixed."""


def _priced(environment: Environment, load: Load, n: Counts) -> Iterator[Priced]:
    yield "API Gateway", "requests", n.requests / 1e6, "million", "api_million_requests", False
    yield "Lambda", "requests", n.requests / 1e6, "million", "lambda_million_requests", False
    yield "Lambda", "memory and time", n.lambda_gb_seconds, "GB-s", "lambda_gb_second", False
    yield from _streams(environment, n)
    yield "Firehose", "raw archive", n.raw_firehose_gb, "GB", "firehose_gb", False
    yield "Firehose", "enriched events", n.enriched_firehose_gb, "GB", "firehose_gb", False
    yield "Firehose", "session ends and cart events", n.rows_firehose_gb, "GB", "firehose_gb", False
    yield "Firehose", "conversion to Parquet", n.enriched_gb + n.rows_gb, "GB", "firehose_gb_converted", False
    if environment.stacks.consumer:
        yield from _consumer(environment, n)
    yield "S3", "stored", n.stored_gb, "GB-month", "s3_gb_month", False
    yield "S3", "files of the lake", n.files / 1e3, "thousand", "s3_thousand_puts", True
    yield "CloudWatch", "logs", n.log_gb, "GB", "logs_gb", False
    sites = len(parse_sites(environment.sites_text).by_name)
    metrics = (
        _INGEST_METRICS + _SITE_METRICS * sites + (_CANARY_METRICS if environment.monitoring.canary else 0)
    )
    if environment.stacks.consumer:
        metrics += _CONSUMER_METRICS + _SHARD_METRICS * n.shards[0]
    yield "CloudWatch", "metrics of our own", metrics, "metrics", "metric_month", True
    if environment.stacks.monitoring:
        alarms, looked_at = alarm_counts(environment)
        yield "CloudWatch", f"{alarms} alarms", looked_at, "metrics", "alarm_metric_month", True
    if environment.protection.encryption_key == "own":
        yield "KMS", "key", 1, "key", "kms_key_month", True
        yield "KMS", "requests", n.requests / 100 / 1e4, "ten thousand", "kms_ten_thousand_requests", False
    if environment.stacks.analytics:
        canary = 10e6 * SECONDS / 300 / 1e12 if environment.monitoring.canary else 0.0
        yield "Athena", "canary, 10 MB a query", canary, "TB", "athena_tb", True
        transitions = n.jobs.transitions / 1e3
        yield (
            "Step Functions",
            "jobs of the tables",
            transitions,
            "thousand",
            "states_thousand_transitions",
            True,
        )
        yield "Athena", "jobs of the tables", n.jobs.athena_bytes / 1e12, "TB", "athena_tb", False
        yield "Athena", "people's queries", load.scanned_gb / 1e3, "TB", "athena_tb", False
    if environment.stacks.edge:
        yield "WAF", "web ACL", 1, "ACL", "waf_acl_month", True
        yield "WAF", "rules", 2, "rules", "waf_rule_month", True
        yield "WAF", "requests", n.requests / 1e6, "million", "waf_million_requests", False
        key = "cloudfront_ten_thousand_requests"
        yield "CloudFront", "requests", n.requests / 1e4, "ten thousand", key, False


def _streams(environment: Environment, n: Counts) -> Iterator[Priced]:
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
    shards = sum(n.shards)
    yield "Kinesis", f"{shards} shards", shards * HOURS, "hours", "kinesis_shard_hour", True
    units = (n.put_units + n.enriched_put_units) / 1e6
    yield "Kinesis", "payload units of 25 KB", units, "million", "kinesis_million_put_units", False
    if kept_days > 0:
        yield "Kinesis", "kept after a day", shards * HOURS, "shard-hours", "kinesis_shard_hour_kept", True


def _consumer(environment: Environment, n: Counts) -> Iterator[Priced]:
    consumer = environment.consumer
    hours = n.tasks * HOURS
    what = f"{n.tasks} tasks"
    yield "Fargate", f"{what}, processors", hours * consumer.cpu / 1024, "vCPU-h", "fargate_vcpu_hour", True
    yield "Fargate", f"{what}, memory", hours * consumer.memory_mib / 1024, "GB-h", "fargate_gb_hour", True
    yield "DynamoDB", "leases, writes", n.lease_writes / 1e6, "million", "dynamodb_million_writes", True
    yield "DynamoDB", "leases, scans", n.lease_reads / 1e6, "million", "dynamodb_million_reads", True
    yield "S3", "session log", n.state_requests / 1e3, "thousand", "s3_thousand_puts", True
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
