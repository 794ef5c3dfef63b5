"""Rows of the table `session_ends`: the end of a session, provisional or final.

A row follows from the session alone, not from what made the time pass: so it is the same bytes after any restart and
whatever else is on the shard. Of a session that an older version opened only its times and events are known.
"""

from hashlib import blake2b

import orjson

from enrich_consumer.core.iso_time import iso
from enrich_consumer.core.record import Row, without_nulls
from enrich_consumer.core.sessions.facts import CLIENT, TOUCH, Facts
from enrich_consumer.core.sessions.limits import TEN_THOUSANDTHS
from enrich_consumer.core.sessions.visitor import OpenSession, uuid_text
from schemas import Session

GAP, LENGTH, MERGE = "gap", "length", "merge"
ENGAGED_MS = 10_000
"""GA4's: a session of 10 seconds or more is engaged, as is one of two pages or with an order."""


def provisional(session: OpenSession, site: str, visitor_id: str, rule: Session) -> bytes:
    """Nothing came for the gap: the session ends unless something late does."""
    row = _row(session, site, visitor_id, session.events)
    row["is_final"] = False
    row["closed_by"] = LENGTH if session.was_cut else GAP
    row["closed_at"] = iso(session.last_arrival + rule.gap_ms)
    return _line(row)


def final(session: OpenSession, site: str, visitor_id: str, rule: Session) -> bytes:
    """Nothing can join any more. Its revision is the last: no event counts beyond it."""
    row = _row(session, site, visitor_id, session.events + 1)
    row["is_final"] = True
    row["closed_by"] = LENGTH if session.was_cut else GAP
    row["closed_at"] = iso(session.last_arrival + rule.retention_ms)
    return _line(row)


def retraction(absorbed: OpenSession, survivor: str, received_at: int, site: str, visitor_id: str) -> bytes:
    """It never was one of its own: at the record received at `received_at` it became part of `survivor`."""
    row = _row(absorbed, site, visitor_id, absorbed.events + 1)
    row["is_final"] = True
    row["closed_by"] = MERGE
    row["closed_at"] = iso(received_at)
    row["merged_into"] = survivor
    return _line(row)


def _row(session: OpenSession, site: str, visitor_id: str, revision: int) -> Row:
    row: Row = {
        "row_id": row_id(session.session_id, revision),
        "site": site or None,
        "visitor_id": visitor_id or None,
        "session_id": session.session_id,
        "revision": revision,
        "started_at": iso(session.first),
        "ended_at": iso(session.last),
        "seconds": (session.last - session.first) / 1000,
        "events": session.events,
    }
    is_long = session.last - session.first >= ENGAGED_MS
    if session.facts is not None:
        _write_facts(row, session.facts, is_long)
    elif is_long:
        row["is_engaged"] = True
    return row


def _write_facts(row: Row, facts: Facts, is_long: bool) -> None:
    row["page_views"] = facts.page_views
    row["is_engaged"] = is_long or facts.page_views > 1 or bool(facts.orders)
    row["entry_path"] = facts.entry[1] if facts.entry else None
    row["exit_path"] = facts.exit[1] if facts.exit else None
    row["orders"] = len(facts.orders)
    row["revenue"] = _revenue(facts)
    row["is_bot"] = facts.is_bot
    row["user_id"] = facts.user[1] if facts.user else None
    if facts.touch:
        row.update(zip(TOUCH, facts.touch[1:], strict=True))
    if facts.client:
        row.update(zip(CLIENT, facts.client[1:], strict=True))
    if facts.cart:
        pieces, value, currency = facts.cart
        row["cart_quantity"] = pieces
        row["cart_value"] = None if value is None else value / TEN_THOUSANDTHS
        row["cart_currency"] = currency


def _revenue(facts: Facts) -> list[Row]:
    sums: dict[str, int] = {}
    for _, currency, amount in facts.orders.values():
        sums[currency] = sums.get(currency, 0) + amount
    return [
        {"currency": currency or None, "value": amount / TEN_THOUSANDTHS}
        for currency, amount in sorted(sums.items())
    ]


def row_id(session_id: str, revision: int) -> str:
    """A UUID of version 8 from the session and the revision: a row that is delivered twice has one id."""
    digest = blake2b(f"{session_id}/{revision}".encode(), digest_size=16).hexdigest()
    return uuid_text(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}")


def _line(row: Row) -> bytes:
    filled = {name: value for name, value in without_nulls(row).items() if value != ""}
    return orjson.dumps(filled, option=orjson.OPT_APPEND_NEWLINE)
