"""Decodes bytes of the raw stream into a Record, or raises Reject with the reason."""

import re
from typing import Any

import msgspec
import orjson

from enrich_consumer.core.raw_record import RawRecord, read
from enrich_consumer.core.record import Event, Incoming, Record, Reject
from schemas import Reason, Sites

RECORD_VERSION = 1
FUTURE_MS = 10 * 60_000
"""How far `received_at` may lie ahead of the stream's own arrival time: one wrong clock must not make
every session of the shard look old."""


def decode(incoming: Incoming, sites: Sites) -> Record:
    """The raw record (schemas/raw.schema.json). `properties` of its events stay JSON text, as bytes.

    Raises:
        Reject: not JSON, of another version, against the contract, or of a site that is not configured.
    """
    try:
        raw = read(incoming.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _verdict(incoming.data, error) from None
    received_at, sent_at = raw.received_at, raw.sent_at
    if type(received_at) is not int:
        received_at = _whole(received_at, "received_at")
    if incoming.arrived_at is not None and received_at > incoming.arrived_at + FUTURE_MS:
        ahead = (received_at - incoming.arrived_at) // 1000
        raise Reject(Reason.INVALID_RECORD, f"received_at is {ahead} s later than the stream's arrival time")
    site = sites.by_name.get(raw.site)
    if site is None and not raw.events:
        site = next(iter(sites.by_name.values()))  # it only carries the time
    if site is None:
        raise Reject(Reason.UNKNOWN_SITE, f"{raw.site} is not in the sites document")
    return Record(
        sequence=incoming.sequence,
        site=site,
        visitor_id=raw.visitor_id,
        visitor_kind=raw.visitor_kind,
        received_at=received_at,
        sent_at=sent_at if sent_at is None or type(sent_at) is int else _whole(sent_at, "sent_at"),
        ip=raw.ip,
        user_agent=raw.user_agent,
        headers=raw.headers,  # type: ignore[arg-type] # a dict of these names
        events=_events(raw),
        data=incoming.data,
        trusted_server=raw.trusted_server is True,
    )


def _events(raw: RawRecord) -> list[Event]:
    """The events, their times whole numbers, their properties bytes."""
    events: list[Event] = raw.events  # type: ignore[assignment] # dicts of these names
    for number, event in enumerate(events):
        if type(event.get("ts")) is float:
            event["ts"] = _whole(event["ts"], f"events/{number}/ts")
        properties = event.get("properties")
        if properties is not None:
            text = bytes(properties)
            if text.startswith(b"{"):
                event["properties"] = text
            elif text == b"null":
                del event["properties"]
            else:
                detail = f"events/{number}/properties: Expected `object | null`"
                raise Reject(Reason.INVALID_RECORD, detail)
    return events


def _whole(number: float, where: str) -> int:
    whole = int(number)
    if whole != number:
        raise Reject(Reason.INVALID_RECORD, f"{where}: Expected `int`, got `float`")
    return whole


def _verdict(data: bytes, error: Exception) -> Reject:
    """Why `read` refused the bytes."""
    try:
        raw: Any = orjson.loads(data)
    except orjson.JSONDecodeError as no_json:
        return Reject(Reason.RECORD_NOT_JSON, str(no_json))
    if not isinstance(raw, dict):
        return Reject(Reason.INVALID_RECORD, f"a {type(raw).__name__}, not an object")
    if raw.get("v") != RECORD_VERSION:
        return Reject(Reason.UNKNOWN_RECORD_VERSION, f"v is {raw.get('v')!r:.40}, not {RECORD_VERSION}")
    problem, _, path = str(error).partition(" - at `$")
    where = "/".join(re.findall(r"[^.\[\]`]+", path)) or "the record"
    return Reject(Reason.INVALID_RECORD, f"{where}: {problem:.200}")
