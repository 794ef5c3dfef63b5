"""Bytes of the raw stream → Record, or a verdict why not."""

import jsonschema_rs
import orjson

from enrich_consumer.core.record import Incoming, Record, Reject
from schemas import Reason, Sites, json_file

RECORD_VERSION = 1
FUTURE_MS = 10 * 60_000
"""How far `received_at` may lie ahead of the stream's own arrival time: one wrong clock must not make
every session of the shard look old."""

_VALIDATOR = jsonschema_rs.validator_for(json_file("raw.schema.json"))


def decode(incoming: Incoming, sites: Sites) -> Record:
    """The raw record (schemas/raw.schema.json).

    Raises:
        Reject: not JSON, of another version, against the schema, or of a site that is not configured.
    """
    try:
        raw = orjson.loads(incoming.data)
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
    received_at = int(raw["received_at"])
    sent_at = raw.get("sent_at")
    for event in raw["events"]:
        if type(event.get("ts")) is float:
            event["ts"] = int(event["ts"])
    if incoming.arrived_at is not None and received_at > incoming.arrived_at + FUTURE_MS:
        ahead = (received_at - incoming.arrived_at) // 1000
        raise Reject(Reason.INVALID_RECORD, f"received_at is {ahead} s later than the stream's arrival time")
    site = sites.by_name.get(raw["site"])
    if site is None:
        raise Reject(Reason.UNKNOWN_SITE, f"{raw['site']} is not in the sites document")
    return Record(
        sequence=incoming.sequence,
        site=site,
        visitor_id=raw["visitor_id"],
        visitor_kind=raw["visitor_kind"],
        received_at=received_at,
        sent_at=None if sent_at is None else int(sent_at),
        ip=raw.get("ip"),
        user_agent=raw.get("user_agent"),
        headers=raw.get("headers") or {},
        events=raw["events"],
        data=incoming.data,
    )
