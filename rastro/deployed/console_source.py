"""What the console reads of a deployed environment: the newest of the streams, Athena for the rest. Read-only."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from console.bucket import NewRows, newest
from console.lake_process import LakeProcess
from console.questions import Period
from console.source import Source
from console.store import Store
from console.tails import Tails
from infra.costs import model
from infra.deploy import stacks
from infra.deploy.target import find_target
from infra.environments import loader, resource_names
from infra.environments.settings import Environment
from lake import layout
from rastro.deployed.athena_lake import AthenaLake
from rastro.deployed.cost import Sizes, hourly, queries
from rastro.deployed.read_only import ReadOnly
from rastro.local.condition import leases
from rastro.terminal.errors import Problem

REJECTED_SECONDS = 60.0
LOG_SECONDS = 5.0
START_MS = 15 * 60_000
"""How far back ingest's log is read at the start."""
MOST_QUERIES = 30
"""Of one dashboard, filters and the period before included."""
MOST_FILES = 8
AT_ONCE = 2_000
"""A shard takes 1,000 records a second, and one read a second must keep up; Kinesis stops at 10 MB."""


class Deployed(NamedTuple):
    """An environment, its pipeline's outputs, and read-only clients."""

    environment: Environment
    region: str
    outputs: dict[str, str]
    client: Callable[[str], Any]


def find(name: str) -> Deployed:
    """The environment by the credentials at hand.

    Raises:
        Problem: no such environment, no credentials, not deployed.
    """
    try:
        environment = loader.read(name)
        target = find_target(environment)
        outputs = stacks.outputs(f"{environment.prefix}-pipeline", target.client)
    except (loader.BadEnvironment, stacks.DeployError) as error:
        raise Problem(str(error)) from None
    except (ClientError, BotoCoreError) as error:
        raise Problem(f"{name} cannot be read: {error}") from None
    return Deployed(environment, target.region, outputs, lambda service: ReadOnly(target.client(service)))


def open_source(at: Deployed) -> Source:
    """Tails from now on: one GetRecords a second of each shard of both streams; `Source.tails.stop` ends them."""
    kinesis, s3, logs = at.client("kinesis"), at.client("s3"), at.client("logs")
    bucket, environment = at.outputs["Bucket"], at.environment
    tails = Tails(Store())
    begun = time.time()
    for stream, take in (("RawStream", tails.take_raw), ("EnrichedStream", tails.take_enriched)):
        tails.follow_stream(kinesis, at.outputs[stream], take, start="LATEST", most_reads=1, at_once=AT_ONCE)
    rejections = LakeProcess(partial(_Rejections, environment.name))
    tails.follow_rejected(
        NewRows(s3, bucket, _today(layout.REJECTED), partial(rejections.ask, "new_rejections")),
        REJECTED_SECONDS,
    )
    if at.outputs.get("IngestLog"):
        since = int(begun * 1000) - START_MS
        tails.follow_log(logs, at.outputs["IngestLog"], since, LOG_SECONDS)
    lake = AthenaLake(at.client("athena"), environment.database, resource_names.workgroup(environment))
    prices = model.prices()[at.region]
    sizes = Sizes(s3, bucket)
    return Source(
        name=environment.name,
        tails=tails,
        lake=lake,
        health=lambda: health(at),
        clock=lambda: int(time.time() * 1000),
        price=lambda period: _price(at, prices, sizes, period),
        hourly=lambda: _hourly(at, prices, tails, lake, time.time() - begun),
    )


def _today(prefix: str) -> Callable[[], str]:
    return lambda: f"{prefix}{layout.DAY}={datetime.now(UTC):%Y-%m-%d}/"


class _Rejections:
    """Rows of today's rejected files, in the process that has DuckDB."""

    def __init__(self, name: str) -> None:
        from console.local_lake import Rejections  # noqa: PLC0415 - only that process needs DuckDB

        at = find(name)
        self._folder = tempfile.TemporaryDirectory(prefix="rastro-console-")
        self._rejections = Rejections(at.client("s3"), at.outputs["Bucket"], Path(self._folder.name))

    def new_rejections(self) -> list[tuple[str, dict[str, Any]]]:
        return self._rejections.new(_today(layout.REJECTED)())

    def close(self) -> None:
        self._folder.cleanup()


def _price(at: Deployed, prices: Any, sizes: Sizes, period: Period | None) -> str:
    today = datetime.now(UTC).date()
    first, last = period or (today - timedelta(days=1), today)
    # views follow merges and copies by arrival: late rows lie in files of days after
    size = sizes.between(first, _until(last, today), today)
    most = queries(prices, size, MOST_QUERIES, at.environment.analytics.scan_limit_gib)
    return f"≤ {most:,.2f} USD ({MOST_QUERIES} * {size / 1e9:,.2f} GB, {prices['athena_tb']:.2f} USD/TB)"


def _until(last: date, today: date) -> date:
    return min(today, last + timedelta(days=2))


def _hourly(at: Deployed, prices: Any, tails: Tails, lake: AthenaLake, seconds: float) -> str:
    shards = len(tails.behind_ms)
    bytes_an_hour = tails.bytes / max(seconds, 1.0) * 3600
    usd = hourly(
        prices,
        bytes_an_hour=bytes_an_hour,
        on_demand=at.environment.streams.mode == "on_demand",
        lists_an_hour=int(3600 / REJECTED_SECONDS),
    )
    asked = lake.bytes_read / 1e12 * float(prices["athena_tb"])
    return (
        f"{usd:.4f} USD/h: {shards} shards, 1 GetRecords/s each, {bytes_an_hour / 1e6:,.1f} MB/h;"
        f" Athena: {lake.queries} queries, {lake.bytes_read / 1e6:,.1f} MB, {asked:.4f} USD"
    )


def health(at: Deployed) -> dict[str, list[dict[str, Any]]]:
    """Sections of the health page; a question that is not allowed costs its own section."""
    s3, bucket = at.client("s3"), at.outputs["Bucket"]
    asked: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "Alarms": lambda: _alarms(at),
        "Leases": lambda: leases(at.client("dynamodb").scan(TableName=at.environment.application)["Items"]),
        "Session log": lambda: newest(s3, bucket, f"{layout.STATE}/", MOST_FILES),
        "Newest files": lambda: newest(s3, bucket, _today(layout.ENRICHED)(), MOST_FILES),
        "Error prefixes": lambda: newest(s3, bucket, layout.ERRORS, MOST_FILES),
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for title, ask in asked.items():
        try:
            found[title] = ask()
        except (ClientError, BotoCoreError) as error:
            found[title] = [{"error": f"{type(error).__name__}: {error}"}]
    return found


def _alarms(at: Deployed) -> list[dict[str, Any]]:
    """Those of the environment, the ones that fire first, each with the section of its runbook."""
    rows = []
    pages = (
        at.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=at.environment.prefix)
    )
    for page in pages:
        for alarm in page["MetricAlarms"]:
            text = str(alarm.get("AlarmDescription") or "")
            runbook = next((word for word in text.split() if word.startswith(resource_names.RUNBOOK)), None)
            row = {
                "alarm": alarm["AlarmName"],
                "state": alarm["StateValue"],
                "meaning": text,
                "runbook": runbook,
            }
            rows.append(row)
    order = {"ALARM": 0, "INSUFFICIENT_DATA": 1}
    return sorted(rows, key=lambda row: (order.get(str(row["state"]), 2), str(row["alarm"])))
