"""The usual way, as a record processor: `user_agents`, `geoip2` models and stdlib `json` as their pages show them.

One dict an event, one Kinesis record an event, boto3 as it comes. It does less than the product (no sessions,
no de-duplication, no scrubbing, no channel, no state), so the comparison favours it.
"""

import json
import os
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import user_agents
from amazon_kclpy import kcl
from amazon_kclpy.v3 import processor
from geoip2.models import City

from enrich_consumer.edges.reference_data import open_references


class Baseline(processor.RecordProcessorBase):  # type: ignore[misc] # the package has no types
    """KCL's five calls."""

    def __init__(self) -> None:
        self._client = boto3.client("kinesis")
        self._stream = os.environ["RASTRO_ENRICHED_STREAM"]
        self._city = open_references(None, None).city

    def initialize(self, initialize_input: Any) -> None:
        """Nothing to take over."""

    def process_records(self, process_records_input: Any) -> None:
        """Enrich and put."""
        entries: list[Any] = []
        for record in process_records_input.records:
            raw = json.loads(record.binary_data)
            for event in raw["events"]:
                row = self._enriched(raw, event)
                entries.append({"Data": json.dumps(row).encode(), "PartitionKey": raw["visitor_id"]})
        for start in range(0, len(entries), 500):
            self._client.put_records(StreamName=self._stream, Records=entries[start : start + 500])

    def _enriched(self, raw: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        agent = user_agents.parse(raw.get("user_agent") or "")
        place = self._city(raw["ip"]) if raw.get("ip") else None
        model = City(["en"], **place) if place else None
        page = event.get("page") or {}
        address = urlsplit(page.get("url") or "")
        query = parse_qs(address.query)
        return {
            "event_id": event["event_id"],
            "event_name": event["event"],
            "event_at": event.get("ts"),
            "received_at": raw["received_at"],
            "visitor_id": raw["visitor_id"],
            "page_url": page.get("url"),
            "page_host": address.hostname,
            "page_path": address.path,
            "page_title": page.get("title"),
            "referrer_url": page.get("referrer"),
            "utm_source": query.get("utm_source"),
            "browser_name": agent.browser.family,
            "browser_version": agent.browser.version_string,
            "os_name": agent.os.family,
            "os_version": agent.os.version_string,
            "device_brand": agent.device.brand,
            "device_model": agent.device.model,
            "is_mobile": agent.is_mobile,
            "is_bot": agent.is_bot,
            "geo_country": model.country.iso_code if model else None,
            "geo_region_name": model.subdivisions.most_specific.name if model else None,
            "geo_city": model.city.name if model else None,
            "geo_latitude": model.location.latitude if model else None,
            "geo_longitude": model.location.longitude if model else None,
            "ecommerce": event.get("ecommerce"),
            "properties": json.dumps(event.get("properties")),
            "enrich_errors": [],
        }

    def lease_lost(self, lease_lost_input: Any) -> None:
        """Nothing to give up."""

    def shard_ended(self, shard_ended_input: Any) -> None:
        """Checkpoint the end."""
        shard_ended_input.checkpointer.checkpoint()

    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        """Checkpoint what was put."""
        shutdown_requested_input.checkpointer.checkpoint()


if __name__ == "__main__":
    kcl.KCLProcess(Baseline(), sys.stdin, sys.stdout, sys.stderr).run()
