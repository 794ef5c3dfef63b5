"""The only wiring: settings → edges → a record processor, or the local run."""

import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from enrich_consumer.core import enrichments
from enrich_consumer.core.decimals import as_text
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.edges.aws.cbor import CborPuts
from enrich_consumer.edges.aws.event_bus import EventBus, InTurn
from enrich_consumer.edges.aws.object_store import open_object_store
from enrich_consumer.edges.aws.sinks import FirehoseDelivery, KinesisSink, NoDelivery, Rewritten
from enrich_consumer.edges.kcl.leases import open_release
from enrich_consumer.edges.kcl.processor import RecordProcessor
from enrich_consumer.edges.kcl.shards import KinesisShards
from enrich_consumer.edges.log import Log
from enrich_consumer.edges.metrics import Metrics
from enrich_consumer.edges.sites import load_sites
from enrich_consumer.session_log.log import SessionLog
from enrich_consumer.settings import Settings, enrichment_names
from enrich_consumer.worker import Worker
from reference_data.databases import open_references
from schemas import Column, json_file
from schemas.cart_events import COLUMNS as CART_EVENTS
from schemas.session_ends import COLUMNS as SESSION_ENDS

if TYPE_CHECKING:
    from mypy_boto3_firehose import FirehoseClient

    from enrich_consumer.ports import Delivery
    from schemas import Sites


ROWS_A_RECORD = 100
"""Rows of `session_ends` and `cart_events` in one record of their delivery: below 900 kB even when all texts are
long."""


def record_processor(settings: Settings, log: Log) -> RecordProcessor:
    """The processor of one shard with its real edges."""
    boto3.setup_default_session(region_name=settings.region)  # boto3 itself does not read AWS_REGION
    config = Config(
        retries={"mode": "standard", "max_attempts": 3},
        parameter_validation=False,  # a quarter of the cost of a put, and the shapes are ours
    )
    kinesis = boto3.client("kinesis", config=config)
    cbor = CborPuts(kinesis) if settings.put_format == "CBOR" else None
    decimals = as_text(_enriched_columns()) if settings.decimals == "TEXT" else None
    firehose = boto3.client("firehose", config=config)
    sites = load_sites(settings.sites)
    enriched = open_enrich(settings)

    def open_worker(shard: str, log: Log) -> Worker:
        sink = KinesisSink(kinesis, settings.enriched_stream, cbor=cbor)
        worker = Worker(
            sites=sites,
            enrich=enriched,
            log=open_session_log(settings, shard, sites),
            sink=sink,
            rejected=FirehoseDelivery(firehose, settings.rejected_delivery),
            session_ends=_delivery(firehose, settings.session_ends_delivery, settings, SESSION_ENDS),
            cart_events=_cart_events(firehose, settings),
            policy=settings.policy,
            background=run_in_background(log),
            decimals=decimals,
        )
        sink.counts = worker.counts  # its repeated calls are reported with the worker's counts
        return worker

    def open_metrics(shard: str, log: Log) -> Metrics:
        return Metrics(log, settings.application, shard)

    return RecordProcessor(
        open_worker,
        KinesisShards(kinesis, settings.raw_stream),
        open_metrics,
        log,
        allow_missing_state=settings.allow_missing_state,
        heartbeat=Path(settings.heartbeat) if settings.heartbeat else None,
        release=open_release(settings.application, settings.worker_id, settings.dynamodb_endpoint)
        if settings.worker_id
        else None,
    )


def _cart_events(firehose: "FirehoseClient", settings: Settings) -> "Delivery":
    table = _delivery(firehose, settings.cart_events_delivery, settings, CART_EVENTS)
    if settings.cart_bus is None:
        return table
    key = settings.cart_signing_key.encode() if settings.cart_signing_key else None
    return InTurn(table, EventBus(boto3.client("events"), settings.cart_bus, key))


def _delivery(
    firehose: "FirehoseClient", name: str | None, settings: Settings, columns: tuple[Column, ...]
) -> "Delivery":
    if name is None:
        return NoDelivery()
    delivery = FirehoseDelivery(firehose, name, rows_a_record=ROWS_A_RECORD)
    return Rewritten(delivery, as_text(columns)) if settings.decimals == "TEXT" else delivery


def check(settings: Settings) -> None:
    """Open what a processor will open, so that a mistake is reported before the daemon starts.

    Raises:
        SettingsError, SitesError, ReferenceDataError: naming the source and what to do.
    """
    boto3.setup_default_session(region_name=settings.region)
    load_sites(settings.sites)
    open_references(settings.geo_city, settings.geo_asn)
    enrichment_names(settings.enrichments)


def _enriched_columns() -> tuple[Column, ...]:
    return tuple(Column(**fields) for fields in json_file("enriched.columns.json")["columns"])


def open_enrich(settings: Settings) -> Enrich:
    """All enrichments over the reference data that is installed."""
    names = enrichment_names(settings.enrichments)
    return enrichments.build(open_references(settings.geo_city, settings.geo_asn), names)


def open_session_log(settings: Settings, shard: str, sites: "Sites") -> SessionLog:
    """The log of one shard, under a writer's name of its own."""
    return SessionLog(
        open_object_store(settings.state, settings.application),
        application=settings.application,
        shard=shard,
        writer=str(uuid.uuid4()),
        sites_version=sites.version,
    )


def run_in_background(log: Log) -> Callable[[Callable[[], None]], bool]:
    """Runs one task at a time in a thread; a snapshot that fails is tried again at its next turn."""
    sys.setswitchinterval(0.0005)  # the thread gives way to the worker within half a millisecond, not five
    running: list[threading.Thread] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - the worker does not depend on it; the log says so
            log.fail("a snapshot failed", code=type(error).__name__, detail=str(error))

    def start(task: Callable[[], None]) -> bool:
        if running and running[0].is_alive():
            return False
        running[:] = [threading.Thread(target=guarded, args=(task,), name="snapshot", daemon=True)]
        running[0].start()
        return True

    return start
