"""The columns that belong to no enrichment: identity, provenance, and the session.

This file lists them, fills them, and says which of them a `session_merge` row repeats; nothing else names them.
"""

from hashlib import blake2b

from enrich_consumer.core.iso_time import iso
from enrich_consumer.core.record import Event, Record, Row
from enrich_consumer.core.sessions.rule import Assignment, Merge
from enrich_consumer.core.sessions.visitor import uuid_text
from schemas import Column
from schemas.times import EpochMs

SCHEMA_VERSION = 1
ENRICH_VERSION = "2"
"""Raise it with every change that gives other values for the same input; a backfill compares it."""

PIPELINE = (
    Column(
        "event_id", "string", "UUID of the event; a retry repeats it. The key of de-duplication.", "pipeline"
    ),
    Column("site", "string", "The storefront.", "pipeline"),
    Column("event_name", "string", "GA4 e-commerce name or the shop's own.", "pipeline"),
    Column("received_at", "timestamp", "When ingest received it, by the server's clock.", "pipeline"),
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
        "enrich_errors",
        "array<string>",
        "Enrichments that failed for this event; empty when all succeeded.",
        "pipeline",
    ),
    Column(
        "input_repairs",
        "array<string>",
        "What ingest changed in the event, as field:what (docs/ingest.md); null when nothing.",
        "pipeline",
    ),
)

SESSIONIZE = (
    Column("session_id", "string", "UUID, version 8, made from the opening event.", "sessionize"),
    Column("session_started_at", "timestamp", "Time of the opening event.", "sessionize"),
    Column(
        "session_event_index", "int", "Position in the session in order of arrival, from 1.", "sessionize"
    ),
    Column("is_session_start", "boolean", "This event opened the session.", "sessionize"),
    Column("is_late", "boolean", "It arrived more than the site's lateness after it happened.", "sessionize"),
    Column(
        "merged_session_id",
        "string",
        "Only in rows named session_merge: the session that now belongs to session_id.",
        "sessionize",
    ),
)


def record_row(record: Record) -> Row:
    """The columns that are the same for every event of a record."""
    return {
        "site": record.site.name,
        "received_at": iso(record.received_at),
        "visitor_id": record.visitor_id,
        "visitor_kind": record.visitor_kind,
        "raw_sequence": str(record.sequence).zfill(56),
        "schema_version": SCHEMA_VERSION,
        "enrich_version": ENRICH_VERSION,
    }


def event_row(event: Event, errors: list[str]) -> Row:
    """A new row of one event. Columns that every row gets later are there already, as null: the dict grows once.

    `errors`: the enrichments that failed so far.
    """
    row: Row = {
        "event_id": event["event_id"],
        "event_name": event["event"],
        "event_at": None,  # this and the next two: core/enrichments/event_time.py
        "event_date": None,
        "is_time_suspect": None,
        "session_id": None,
        "session_started_at": None,
        "session_event_index": None,
        "is_session_start": None,
        "is_late": None,
        "enrich_errors": errors,
    }
    if user := event.get("user_id"):
        row["user_id"] = user
    if repairs := event.get("repairs"):
        row["input_repairs"] = repairs
    return row


def fill_session(row: Row, at: EpochMs, assignment: Assignment, started_at: str) -> None:
    """Fill the session's columns. `at`: when the event happened, epoch ms; `started_at`: the session's start as
    ISO 8601, which the caller has at hand because the events of a record mostly share it."""
    row["event_at"] = iso(at)
    row["session_started_at"] = started_at
    row["session_id"] = assignment.session_id
    row["session_event_index"] = assignment.event_index
    row["is_session_start"] = assignment.is_start
    row["is_late"] = assignment.is_late


_REPEATED_BY_A_MERGE = (
    "site",
    "event_at",
    "event_date",
    "received_at",
    "visitor_id",
    "visitor_kind",
    "raw_sequence",
    "schema_version",
    "enrich_version",
    "is_time_suspect",
    "session_started_at",
    "is_late",
)


def merge_row(columns: Row, event_id: str, merge: Merge) -> Row:
    """The row of a `session_merge` event. `columns`: all columns of the event that caused it, `event_id` its id in the
    raw record. The merge's own id follows from both sessions and that event, so a replay gives it again."""
    seed = f"{merge.survivor}/{merge.absorbed}/{event_id}"
    digest = blake2b(seed.encode(), digest_size=16).hexdigest()
    row: Row = {name: columns[name] for name in _REPEATED_BY_A_MERGE if name in columns}
    row.update(
        event_id=uuid_text(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}"),
        event_name="session_merge",
        enrich_errors=[],
        session_id=merge.survivor,
        is_session_start=False,
        merged_session_id=merge.absorbed,
    )
    return row
