"""The same path with the usual libraries, as their pages show them: the baseline of the consumer's figures.

The worker, its sessions, its state and all other enrichments are the product's. Instead of what it does
to be fast: KCL's own reading of the daemon's lines, stdlib `json`, `user_agents.parse` and a `geoip2` model for each
event, and `put_records` of boto3 as it comes.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
import user_agents
from amazon_kclpy import kcl
from amazon_kclpy.v3 import processor
from geoip2.models import City

from enrich_consumer import app
from enrich_consumer.core import decode, enriched_event, raw_record
from enrich_consumer.core.engine.runner import Runner
from enrich_consumer.core.enriched_event import EnrichedEvent
from enrich_consumer.core.enrichments import ENRICHMENTS, privacy
from enrich_consumer.core.record import Incoming, Record, Row
from enrich_consumer.edges.aws.sinks import FirehoseDelivery, KinesisSink, NoDelivery
from enrich_consumer.edges.kcl.processor import KclCheckpointer
from enrich_consumer.edges.sites import load_sites
from enrich_consumer.ports import Lineage
from enrich_consumer.settings import Settings
from enrich_consumer.worker import Worker
from reference_data.databases import open_references

REPLACED = {"user_agent", "geo", "bot"}
LINEAGE = Lineage(0, 2**128 - 1)


class Stdlib:
    """`json` where the product says `orjson`."""

    JSONDecodeError = json.JSONDecodeError
    OPT_APPEND_NEWLINE = 1

    @staticmethod
    def loads(data: bytes) -> Any:
        return json.loads(data)

    @staticmethod
    def dumps(value: Any, option: int = 0) -> bytes:
        text = json.dumps(value, ensure_ascii=False)
        return (text + "\n" if option else text).encode()


class Baseline(processor.RecordProcessorBase):  # type: ignore[misc] # the package has no types
    """KCL's five calls, as the product answers them."""

    def __init__(self, settings: Settings) -> None:
        sites = load_sites(settings.sites)
        self._references = open_references(None, None)
        self._rest = Runner([spec for spec in ENRICHMENTS if spec.name not in REPLACED], self._references)
        self._worker = Worker(
            sites=sites,
            enrich=self._enrich,
            log=app.open_session_log(settings, "shardId-000000000000", sites),
            sink=KinesisSink(boto3.client("kinesis"), settings.enriched_stream),
            rejected=FirehoseDelivery(boto3.client("firehose"), settings.rejected_delivery),
            session_ends=NoDelivery(),
            cart_events=NoDelivery(),
            policy=settings.policy,
            background=_at_once,
        )

    def initialize(self, initialize_input: Any) -> None:
        """Start from nothing."""
        self._worker.start(None, LINEAGE)

    def process_records(self, process_records_input: Any) -> None:
        """Enrich and put."""
        records = [
            Incoming(int(record.sequence_number), record.binary_data)
            for record in process_records_input.records
        ]
        self._worker.work(records, KclCheckpointer(process_records_input.checkpointer), time.monotonic())

    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        """Put what is pending."""
        self._worker.finish(KclCheckpointer(shutdown_requested_input.checkpointer), time.monotonic())

    def lease_lost(self, lease_lost_input: Any) -> None:
        """Nothing to give up."""

    def shard_ended(self, shard_ended_input: Any) -> None:
        """It never ends."""

    def _enrich(self, record: Record) -> list[EnrichedEvent]:
        enriched = self._rest.enrich(record)
        for one in enriched:
            one.columns.update(_agent(record.user_agent), **self._location(record.ip))
        return enriched

    def _location(self, ip: str | None) -> Row:
        answer = self._references.city(ip) if ip else None
        model = City(["en"], **answer) if answer else None
        return {
            "geo_country": model.country.iso_code if model else None,
            "geo_region": model.subdivisions.most_specific.iso_code if model else None,
            "geo_region_name": model.subdivisions.most_specific.name if model else None,
            "geo_city": model.city.name if model else None,
            "geo_postal_code": model.postal.code if model else None,
            "geo_latitude": model.location.latitude if model else None,
            "geo_longitude": model.location.longitude if model else None,
            "geo_timezone": model.location.time_zone if model else None,
        }


def _at_once(task: Callable[[], None]) -> bool:
    task()
    return True


def _agent(text: str | None) -> Row:
    agent = user_agents.parse(text or "")
    return {
        "user_agent": text,
        "browser_name": agent.browser.family,
        "browser_version": agent.browser.version_string,
        "os_name": agent.os.family,
        "os_version": agent.os.version_string,
        "device_class": "mobile" if agent.is_mobile else "tablet" if agent.is_tablet else "desktop",
        "device_brand": agent.device.brand,
        "device_model": agent.device.model,
        "is_bot": agent.is_bot,
    }


def _read(data: bytes) -> raw_record.RawRecord:
    """A raw record by stdlib's JSON; `properties` become text again, as the core wants them."""
    raw = json.loads(data)
    for event in raw["events"]:
        if "properties" in event:
            event["properties"] = json.dumps(event["properties"], ensure_ascii=False).encode()
    return raw_record.RawRecord(**raw)


def main() -> None:
    """Serve the daemon's lines."""
    for module in (decode, enriched_event, privacy):
        module.orjson = Stdlib  # type: ignore[attr-defined] # what this file is for
    decode.read = _read  # type: ignore[attr-defined] # the same
    kcl.KCLProcess(Baseline(Settings.from_env(os.environ)), sys.stdin, sys.stdout, sys.stderr).run()


if __name__ == "__main__":
    main()
