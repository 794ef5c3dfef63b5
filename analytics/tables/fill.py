"""The statements that fill the tables for one window."""

import re
from functools import cache

from analytics.queries import view
from analytics.tables.model import CHANGED_DAYS, LANDING, MARGIN_DAYS, NEAR_DAYS, Statement, statement
from analytics.tables.pieces import (
    ARRIVED,
    CHANGED,
    EARLIER,
    HAPPENED,
    IS_NOT_ERASED,
    NOT_ERASED,
    OF_WINDOW,
    ROWS,
    TOUCHED,
    days,
    end_of_chain,
    insert,
    listed,
    maps,
    update,
)
from analytics.tables.schema import SESSIONS, tables


def _merges() -> str:
    return f"""MERGE INTO session_merges AS t
USING (
  SELECT site, visitor_id, merged_session_id, min(session_id) AS session_id,
    min(coalesce(event_date, CAST(event_at AS date))) AS event_date
  FROM {LANDING}
    {NOT_ERASED}
  WHERE {ARRIVED} AND {HAPPENED} AND event_name = 'session_merge' AND {IS_NOT_ERASED}
    AND merged_session_id IS NOT NULL AND session_id IS NOT NULL
  GROUP BY site, visitor_id, merged_session_id
) AS n
ON {days("t.event_date", MARGIN_DAYS)} AND t.site = n.site AND t.visitor_id = n.visitor_id
  AND t.merged_session_id = n.merged_session_id
WHEN MATCHED AND n.session_id < t.session_id THEN UPDATE SET session_id = n.session_id
WHEN NOT MATCHED THEN {insert(list(tables()["session_merges"].columns))}"""


def _losers_of_events() -> str:
    return CHANGED.format(
        found=f"""SELECT DISTINCT e.site, e.visitor_id, e.event_date
  FROM events AS e
  JOIN {LANDING} AS r ON r.site = e.site AND r.event_id = e.event_id
  WHERE {days("e.event_date", NEAR_DAYS)} AND r.dt = ':dt' AND r.hour BETWEEN :first_hour AND :last_hour
    AND coalesce(r.event_date, CAST(r.event_at AS date)) BETWEEN DATE ':since' AND DATE ':until'
    AND r.event_name <> 'session_merge'
    AND r.raw_sequence < e.raw_sequence AND r.visitor_id <> e.visitor_id"""
    )


def _fill_events() -> str:
    columns = list(tables()["events"].columns)
    plain = [name for name in columns if name not in {"session_id", "written_session_id", "event_date"}]
    return f"""MERGE INTO events AS t
USING (
  SELECT {listed("r", plain)}, {end_of_chain("m.merged_into", "r.session_id")} AS session_id,
    r.session_id AS written_session_id,
    coalesce(r.event_date, CAST(r.event_at AS date)) AS event_date,
    there.raw_sequence AS first_there
  FROM (
    SELECT {LANDING}.*, row_number() OVER (PARTITION BY site, event_id ORDER BY raw_sequence) AS copy_number
    FROM {LANDING}
    {NOT_ERASED}
    WHERE {ARRIVED} AND {HAPPENED} AND event_name <> 'session_merge' AND {IS_NOT_ERASED}
      AND (site, event_id, raw_sequence) NOT IN (SELECT site, event_id, raw_sequence FROM known_copies)
  ) AS r
  LEFT JOIN (
    {maps(ROWS)}
  ) AS m ON m.site = r.site AND m.visitor_id = r.visitor_id
  LEFT JOIN (
    SELECT site, event_id, min(raw_sequence) AS raw_sequence
    FROM events
    WHERE {days("event_date", NEAR_DAYS)}
    GROUP BY site, event_id
  ) AS there ON there.site = r.site AND there.event_id = r.event_id
  WHERE r.copy_number = 1
) AS n
ON {days("t.event_date", NEAR_DAYS)} AND t.site = n.site AND t.event_id = n.event_id
WHEN MATCHED AND t.raw_sequence > n.first_there THEN DELETE
WHEN MATCHED AND n.raw_sequence < t.raw_sequence THEN UPDATE SET {update(columns)}
WHEN NOT MATCHED THEN {insert(columns)}"""


def _follow_merges() -> str:
    merged = ROWS + " AND event_name = 'session_merge'"
    return f"""MERGE INTO events AS t
USING (
  SELECT m.site, m.visitor_id, k.written, {end_of_chain("m.merged_into", "k.written")} AS survivor
  FROM (
    {maps(merged)}
  ) AS m
  CROSS JOIN UNNEST(map_keys(m.merged_into)) AS k (written)
) AS n
ON {days("t.event_date", MARGIN_DAYS)} AND t.site = n.site AND t.visitor_id = n.visitor_id
  AND t.written_session_id = n.written
WHEN MATCHED AND t.session_id <> n.survivor THEN UPDATE SET session_id = n.survivor"""


def _fill_refunds() -> str:
    columns = list(tables()["refunds"].columns)
    return f"""MERGE INTO refunds AS t
USING (
  WITH events AS (
    SELECT * FROM events WHERE {OF_WINDOW} AND {ARRIVED}
  )
  {view("refunds").sql}
) AS n
ON t.site = n.site AND t.event_id = n.event_id
WHEN MATCHED AND n.raw_sequence <> t.raw_sequence THEN UPDATE SET {update(columns)}
WHEN NOT MATCHED THEN {insert(columns)}"""


def _orders_of_window() -> str:
    """The orders that the window may have changed, as the view has them: those of its visitors, those refunded."""
    columns = list(tables()["events"].columns)
    of_window = f"{days('p.event_date', MARGIN_DAYS)} AND p.event_name = 'purchase'"
    return f"""WITH touched AS (
    {TOUCHED}
  ),
  wanted AS (
    SELECT p.site, coalesce(p.transaction_id, p.event_id) AS order_id
    FROM events AS p
    WHERE {of_window} AND (p.site, p.visitor_id) IN (SELECT site, visitor_id FROM touched)
    UNION
    SELECT site, order_id FROM refunds WHERE {ARRIVED}
  ),
  bought AS (
    SELECT {listed("p", columns)}
    FROM events AS p
    JOIN wanted ON wanted.site = p.site AND wanted.order_id = coalesce(p.transaction_id, p.event_id)
    WHERE {of_window}
  ),
  made AS (
    {view("orders").sql.replace("FROM events", "FROM bought AS events")}
  )"""


def _losers_of_orders() -> str:
    return CHANGED.format(
        found=f"""{_orders_of_window()}
  SELECT DISTINCT t.site, t.visitor_id, t.event_date
  FROM orders AS t
  JOIN made AS n ON n.site = t.site AND n.order_id = t.order_id
  WHERE (t.visitor_id <> n.visitor_id OR t.session_id <> n.session_id)
    AND ({days("t.event_date", MARGIN_DAYS)} OR {EARLIER})"""
    )


def _fill_orders() -> str:
    columns = list(tables()["orders"].columns)
    return f"""MERGE INTO orders AS t
USING (
  {_orders_of_window()}
  SELECT {listed("made", columns)} FROM made
) AS n
ON t.site = n.site AND t.order_id = n.order_id
WHEN MATCHED AND ({days("t.event_date", MARGIN_DAYS)} OR {EARLIER}) THEN UPDATE SET {update(columns)}
WHEN NOT MATCHED THEN {insert(columns)}"""


def _fill_sessions() -> str:
    columns = list(tables()["sessions"].columns)
    keys = ["site", "visitor_id", "session_id"]
    gone = [f"CAST(NULL AS {_cast(kind)}) AS {name}" for name, kind in SESSIONS.items() if name not in keys]
    whole = view("sessions").sql.replace("FROM events", "FROM of_visitors AS events")
    whole = whole.replace("FROM orders", "FROM orders_of_visitors AS orders")
    return f"""MERGE INTO sessions AS t
USING (
  WITH touched AS (
    {TOUCHED}
  ),
  of_visitors AS (
    SELECT * FROM events
    WHERE {days("event_date", MARGIN_DAYS)} AND (site, visitor_id) IN (SELECT site, visitor_id FROM touched)
  ),
  orders_of_visitors AS (
    SELECT * FROM orders
    WHERE {days("event_date", MARGIN_DAYS)} AND (site, visitor_id) IN (SELECT site, visitor_id FROM touched)
  ),
  computed AS (
    {whole}
  )
  SELECT {listed("computed", columns)}, false AS is_gone
  FROM computed
  WHERE CAST(ended_at AS date) >= DATE ':since' - INTERVAL '{CHANGED_DAYS}' DAY
    AND session_date <= DATE ':until' + INTERVAL '{CHANGED_DAYS}' DAY
  UNION ALL
  SELECT {listed("old", keys)}, {", ".join(gone)}, true
  FROM sessions AS old
  LEFT JOIN computed
    ON computed.site = old.site AND computed.visitor_id = old.visitor_id AND computed.session_id = old.session_id
  WHERE {days("old.session_date", MARGIN_DAYS)} AND computed.session_id IS NULL
    AND (old.site, old.visitor_id) IN (SELECT site, visitor_id FROM touched)
) AS n
ON {days("t.session_date", MARGIN_DAYS)} AND t.site = n.site AND t.visitor_id = n.visitor_id
  AND t.session_id = n.session_id
WHEN MATCHED AND n.is_gone THEN DELETE
WHEN MATCHED THEN UPDATE SET {update(columns)}
WHEN NOT MATCHED AND NOT n.is_gone THEN {insert(columns)}"""


def _cast(kind: str) -> str:
    """A type of DDL in the words of queries: `array<struct<a:string>>` is `array(row(a varchar))`."""
    plain = {"string": "varchar", "int": "integer", "timestamp": "timestamp(6)", "struct": "row"}
    spelled = re.sub(r"\w+", lambda found: plain.get(found[0], found[0]), kind)
    return (
        spelled.replace(":", " ").replace("<", "(").replace(">", ")")
        if "<" in kind
        else plain.get(kind, kind)
    )


@cache
def fill() -> tuple[Statement, ...]:
    """The statements of one window, in their order."""
    return (
        statement("session_merges", "session_merges", _merges()),
        statement("changed_by_copies", "changed_visitors", _losers_of_events()),
        statement("events", "events", _fill_events()),
        statement("merged_events", "events", _follow_merges()),
        statement("refunds", "refunds", _fill_refunds()),
        statement("changed_by_orders", "changed_visitors", _losers_of_orders()),
        statement("orders", "orders", _fill_orders()),
        statement("sessions", "sessions", _fill_sessions()),
    )
