"""Bytes of the raw stream → Record, or a verdict why not.

Two readers. `read` of core/typed.py takes what ingest writes, in one pass and without looking into `properties`: it may
refuse more than schemas/raw.schema.json, never less. What it refuses goes to the schema, which has the last word.
"""

import re
from typing import Any

import jsonschema_rs
import msgspec
import orjson

from enrich_consumer.core.raw_record import RawRecord, read
from enrich_consumer.core.record import Event, Incoming, Record, Reject
from schemas import Reason, Sites, json_file

RECORD_VERSION = 1
FUTURE_MS = 10 * 60_000
"""How far `received_at` may lie ahead of the stream's own arrival time: one wrong clock must not make
every session of the shard look old."""

_VALIDATOR = jsonschema_rs.validator_for(json_file("raw.schema.json"))
_names = re.compile(
    r"[a-z][a-z0-9_-]{0,39}\n"
    r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} [a-z][a-z0-9_]{0,39}\n)*"
).fullmatch
"""Of a record at once: its site, and the ids and names of all its events, as the schema wants them."""


def decode(incoming: Incoming, sites: Sites) -> Record:
    """The raw record (schemas/raw.schema.json). `properties` of its events stay JSON text, as bytes.

    Raises:
        Reject: not JSON, of another version, against the schema, or of a site that is not configured.
    """
    raw = _quickly(incoming.data) or _by_the_schema(incoming.data)
    received_at = raw.received_at
    if incoming.arrived_at is not None and received_at > incoming.arrived_at + FUTURE_MS:
        ahead = (received_at - incoming.arrived_at) // 1000
        raise Reject(Reason.INVALID_RECORD, f"received_at is {ahead} s later than the stream's arrival time")
    site = sites.by_name.get(raw.site)
    if site is None and not raw.events:
        site = next(iter(sites.by_name.values()))  # it only tells the time
    if site is None:
        raise Reject(Reason.UNKNOWN_SITE, f"{raw.site} is not in the sites document")
    return Record(
        sequence=incoming.sequence,
        site=site,
        visitor_id=raw.visitor_id,
        visitor_kind=raw.visitor_kind,
        received_at=received_at,
        sent_at=raw.sent_at,
        ip=raw.ip,
        user_agent=raw.user_agent,
        headers=raw.headers,  # type: ignore[arg-type] # a dict of these names
        events=raw.events,  # type: ignore[arg-type] # the same
        data=incoming.data,
        trusted_server=raw.trusted_server is True,
    )


def _quickly(data: bytes) -> RawRecord | None:
    """The record if all of it is as ingest writes it; None leaves the verdict to the schema."""
    try:
        raw = read(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    told = [raw.site + "\n"]
    for event in raw.events:
        told.append(f"{event['event_id']} {event['event']}\n")
        properties = event.get("properties")
        if properties is not None:
            text = bytes(properties)
            if not text.startswith(b"{"):  # null, or no object
                return None
            event["properties"] = text  # type: ignore[typeddict-item] # what the rest of the way expects
    return raw if _names("".join(told)) else None


def _by_the_schema(data: bytes) -> RawRecord:
    try:
        raw = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Reject(Reason.RECORD_NOT_JSON, str(error)) from None
    if not isinstance(raw, dict):
        raise Reject(Reason.INVALID_RECORD, f"a {type(raw).__name__}, not an object")
    if raw.get("v") != RECORD_VERSION:
        raise Reject(Reason.UNKNOWN_RECORD_VERSION, f"v is {raw.get('v')!r:.40}, not {RECORD_VERSION}")
    if not _VALIDATOR.is_valid(raw):
        problem = next(_VALIDATOR.iter_errors(raw))
        place = "/".join(map(str, problem.instance_path)) or "the record"
        raise Reject(Reason.INVALID_RECORD, f"{place}: {problem.message:.200}")
    # In JSON Schema 1795296000123.0 is an integer too; from here on whole numbers are ints.
    sent_at = raw.get("sent_at")
    return RawRecord(
        v=1,
        site=raw["site"],
        visitor_id=raw["visitor_id"],
        visitor_kind=raw["visitor_kind"],
        received_at=int(raw["received_at"]),
        events=[_event(event) for event in raw["events"]],
        sent_at=None if sent_at is None else int(sent_at),
        ip=raw.get("ip"),
        user_agent=raw.get("user_agent"),
        trusted_server=raw.get("trusted_server"),
        headers=raw.get("headers") or {},
    )


def _event(event: Event) -> Any:
    if type(event.get("ts")) is float:
        event["ts"] = int(event["ts"])
    properties = event.get("properties")
    if properties is not None:
        try:
            event["properties"] = orjson.dumps(properties)
        except TypeError as error:
            raise Reject(Reason.INVALID_RECORD, f"{event['event_id']}: properties: {error}") from None
    return event
