"""Pieces that several statements share."""

from analytics.tables.model import LANDING, LONGEST_DAYS, MARGIN_DAYS

ARRIVED = "dt = ':dt' AND hour BETWEEN :first_hour AND :last_hour"
# an event whose time could not be enriched has no day of its own: view events gives it the day of event_at
HAPPENED = "coalesce(event_date, CAST(event_at AS date)) BETWEEN DATE ':since' AND DATE ':until'"
OF_WINDOW = "event_date BETWEEN DATE ':since' AND DATE ':until'"


def _hash(text: str) -> str:
    return f"to_hex(sha256(to_utf8({text})))"


NOT_ERASED = f"""LEFT JOIN erased_ids AS gone
      ON gone.id_hash = {_hash(f"{LANDING}.visitor_id")} AND {LANDING}.received_at <= gone.erased_at
    LEFT JOIN erased_ids AS gone_account
      ON gone_account.id_hash = {_hash(f"{LANDING}.visitor_id || '/' || {LANDING}.user_id")}
      AND {LANDING}.received_at <= gone_account.erased_at"""
"""Behind `FROM enriched`: what `rastro erase` took out comes back by no re-run. With `IS_NOT_ERASED`."""
IS_NOT_ERASED = "gone.id_hash IS NULL AND gone_account.id_hash IS NULL"


def days(column: str, margin: int) -> str:
    """A day that a session of the window may reach."""
    return f"{column} BETWEEN DATE ':since' - INTERVAL '{margin}' DAY AND DATE ':until' + INTERVAL '{margin}' DAY"


ROWS = f"""SELECT site, visitor_id FROM {LANDING} WHERE {ARRIVED} AND {HAPPENED}"""
TOUCHED = f"""SELECT site, visitor_id FROM {LANDING} WHERE {ARRIVED} AND {HAPPENED}
    UNION
    SELECT site, visitor_id FROM changed_visitors WHERE {ARRIVED}"""


def maps(whose: str) -> str:
    """What the sessions of some visitors were merged into: rows of site, visitor_id, merged_into."""
    return f"""SELECT site, visitor_id, map_agg(merged_session_id, session_id) AS merged_into
    FROM (
      SELECT site, visitor_id, merged_session_id, min(session_id) AS session_id
      FROM session_merges
      WHERE {days("event_date", MARGIN_DAYS + LONGEST_DAYS)} AND (site, visitor_id) IN ({whose})
      GROUP BY site, visitor_id, merged_session_id
    ) AS merge_rows
    GROUP BY site, visitor_id"""


def end_of_chain(map_: str, session: str) -> str:
    return (
        f"coalesce(reduce(map_keys({map_}), {session}, (id, step) -> coalesce(element_at({map_}, id), id), id -> id),"
        f" {session})"
    )


def update(columns: list[str]) -> str:
    return ", ".join(f"{name} = n.{name}" for name in columns)


def insert(columns: list[str]) -> str:
    return f"INSERT ({', '.join(columns)}) VALUES ({', '.join(f'n.{name}' for name in columns)})"


def listed(alias: str, columns: list[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in columns)


EARLIER = " OR ".join(
    "(" + " AND ".join([*(f"n.{n} = t.{n}" for n in names[:-1]), f"n.{names[-1]} < t.{names[-1]}"]) + ")"
    for names in (
        ("event_at",),
        ("event_at", "raw_sequence"),
        ("event_at", "raw_sequence", "session_event_index"),
        ("event_at", "raw_sequence", "session_event_index", "event_id"),
    )
)
"""The order in which purchases of one order count: analytics/views/orders.sql."""


CHANGED = """MERGE INTO changed_visitors AS t
USING (
  {found}
) AS n
ON t.site = n.site AND t.visitor_id = n.visitor_id AND t.event_date = n.event_date
  AND t.dt = ':dt' AND t.hour = :first_hour
WHEN NOT MATCHED THEN INSERT (site, visitor_id, event_date, dt, hour)
  VALUES (n.site, n.visitor_id, n.event_date, ':dt', :first_hour)"""
