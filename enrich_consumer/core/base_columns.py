"""The columns that belong to no enrichment: identity, provenance, and the session's place in the table."""

from enrich_consumer.core.emit import iso
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

SCHEMA_VERSION = 1
ENRICH_VERSION = "1"
"""Raise it with every change that gives other values for the same input; a backfill compares it."""

PIPELINE = (
    Column(
        "event_id", "string", "UUID of the event; a retry repeats it. The key of de-duplication.", "pipeline"
    ),
    Column("site", "string", "The storefront.", "pipeline"),
    Column("event_name", "string", "GA4 e-commerce name or the shop's own.", "pipeline"),
    Column("received_at", "timestamp", "When ingest took it, by the server's clock.", "pipeline"),
    Column("visitor_id", "string", "First-party cookie id, or a daily hash (see visitor_kind).", "pipeline"),
    Column("visitor_kind", "string", "cookie or cookieless.", "pipeline"),
    Column("user_id", "string", "The shop's own customer id; null without consent to analytics.", "pipeline"),
    Column(
        "raw_sequence",
        "string",
        "Sequence number of the raw record, 56 digits, so that text order is number order. The smallest "
        "one is the original among copies of an event_id.",
        "pipeline",
    ),
    Column("schema_version", "int", "Version of the raw record's contract.", "pipeline"),
    Column("enrich_version", "string", "Version of the enrichments' rules.", "pipeline"),
    Column(
        "enrich_errors", "array<string>", "Enrichments that failed for this event; empty is well.", "pipeline"
    ),
)

SESSIONIZE = (
    Column("session_id", "string", "UUID, version 8, made from the opening event.", "sessionize"),
    Column("session_started_at", "timestamp", "Time of the opening event.", "sessionize"),
    Column("session_event_index", "int", "Place in the session in order of arrival, from 1.", "sessionize"),
    Column("is_session_start", "boolean", "This event opened the session.", "sessionize"),
    Column(
        "is_late", "boolean", "It happened longer before its arrival than the site's lateness.", "sessionize"
    ),
    Column(
        "merged_session_id",
        "string",
        "Only in rows named session_merge: the session that now belongs to session_id.",
        "sessionize",
    ),
)


def record_row(record: Record) -> Row:
    """The pipeline's columns that are the same for every event of a record."""
    return {
        "site": record.site.name,
        "received_at": iso(record.received_at),
        "visitor_id": record.visitor_id,
        "visitor_kind": record.visitor_kind,
        "raw_sequence": str(record.sequence).zfill(56),
        "schema_version": SCHEMA_VERSION,
        "enrich_version": ENRICH_VERSION,
    }


def fill_event(event: Event, row: Row) -> None:
    """Fill the pipeline's columns of one event."""
    row["event_id"] = event["event_id"]
    row["event_name"] = event["event"]
    if user := event.get("user_id"):
        row["user_id"] = user
