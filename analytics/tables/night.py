"""The nightly statements: copies and refunds of any age, and the windows that a night fills."""

from functools import cache

from analytics.queries import view
from analytics.tables.model import LANDING, MARGIN_DAYS, Statement, statement
from analytics.tables.pieces import CHANGED, insert, listed, update
from analytics.tables.schema import tables

_COPIES = """SELECT * FROM (
    SELECT site, event_id, visitor_id, event_date, raw_sequence,
      rank() OVER (PARTITION BY site, event_id ORDER BY raw_sequence) AS copy_number,
      count(*) OVER (PARTITION BY site, event_id) AS copies
    FROM events
  ) AS ranked
  WHERE copies > 1"""


@cache
def far_copies() -> tuple[Statement, ...]:
    """Copies of an event whose times lie further apart than an hourly run looks: they are found by a scan of the ids of
    all events, weekly. The days of all of them are then windows to fill: `windows`."""
    found = f"SELECT DISTINCT site, visitor_id, event_date FROM ({_COPIES}) AS copies"
    losers = (
        f"SELECT site, event_id, raw_sequence, event_date FROM ({_COPIES}) AS copies WHERE copy_number > 1"
    )
    same = "t.site = n.site AND t.event_id = n.event_id AND t.raw_sequence = n.raw_sequence"
    return (
        statement("changed_by_far_copies", "changed_visitors", CHANGED.format(found=found)),
        # or the next run over the hour in which the copy came would bring it back
        statement(
            "known_copies",
            "known_copies",
            f"""MERGE INTO known_copies AS t
USING (
  {losers}
) AS n
ON {same}
WHEN NOT MATCHED THEN {insert(list(tables()["known_copies"].columns))}""",
        ),
        *(
            statement(
                f"known_copies_of_{table}",
                table,
                f"""MERGE INTO {table} AS t
USING (
  SELECT DISTINCT site, event_id, raw_sequence FROM known_copies
) AS n
ON {same}
WHEN MATCHED THEN DELETE""",
            )
            for table in ("orders", "events")
        ),
        statement(
            "known_copies_of_refunds",
            "refunds",
            f"""MERGE INTO refunds AS t
USING (
  WITH events AS (
    SELECT * FROM events
    WHERE event_name = 'refund' AND (site, event_id) IN (SELECT site, event_id FROM known_copies)
  )
  {view("refunds").sql}
) AS n
ON t.site = n.site AND t.event_id = n.event_id
WHEN MATCHED AND n.raw_sequence <> t.raw_sequence THEN
  UPDATE SET {update(list(tables()["refunds"].columns))}""",
        ),
    )


@cache
def late_refunds() -> tuple[Statement, ...]:
    """Refunds of orders that were made before the days of their window, nightly: money of these orders and sessions."""
    recent = "SELECT site, order_id FROM refunds WHERE dt >= CAST(DATE ':dt' - INTERVAL '3' DAY AS varchar)"
    orders = f"""MERGE INTO orders AS t
USING (
  WITH wanted AS (
    {recent}
  ),
  bought AS (
    SELECT {listed("o", list(tables()["events"].columns))}
    FROM orders AS o
    JOIN (SELECT DISTINCT site, order_id FROM wanted) AS w ON w.site = o.site AND w.order_id = o.order_id
  )
  SELECT made.site, made.order_id, made.refunded, made.revenue
  FROM (
    {view("orders").sql.replace("FROM events", "FROM bought AS events")}
  ) AS made
) AS n
ON t.site = n.site AND t.order_id = n.order_id
WHEN MATCHED AND t.refunded <> n.refunded THEN UPDATE SET refunded = n.refunded, revenue = n.revenue"""
    sessions = f"""MERGE INTO sessions AS t
USING (
  SELECT o.site, o.visitor_id, o.session_id, o.currency,
    min(o.event_date) AS first_date, max(o.event_date) AS last_date,
    CAST(sum(o.refunded) AS decimal(38,4)) AS refunded
  FROM orders AS o
  WHERE (o.site, o.visitor_id, o.session_id) IN (
    SELECT r.site, r.visitor_id, r.session_id
    FROM orders AS r
    WHERE (r.site, r.order_id) IN ({recent})
  )
  GROUP BY o.site, o.visitor_id, o.session_id, o.currency
) AS n
ON t.session_date <= n.last_date AND t.session_date >= n.first_date - INTERVAL '{MARGIN_DAYS}' DAY
  AND t.site = n.site AND t.visitor_id = n.visitor_id AND t.session_id = n.session_id
  AND coalesce(t.currency, '') = coalesce(n.currency, '')
WHEN MATCHED AND t.refunded <> n.refunded THEN
  UPDATE SET refunded = n.refunded, revenue = t.gross_revenue - n.refunded"""
    return (
        statement("late_refunds_of_orders", "orders", orders),
        statement("late_refunds_of_sessions", "sessions", sessions),
    )


KEYS = {"retention": ("site", "cohort_week", "weeks_later"), "baskets": ("site", "item_a", "item_b")}
"""Tables without a day, which are made of the whole history: each row's key."""


@cache
def refreshed() -> tuple[Statement, ...]:
    """What has no day to look back on, computed anew each night from `sessions` and `orders`."""
    return tuple(statement(name, name, _whole(name, keys)) for name, keys in KEYS.items())


def _whole(name: str, keys: tuple[str, ...]) -> str:
    columns = tables()[name].columns
    values = [column for column in columns if column not in keys]
    types = {"string": "varchar"}
    gone = ", ".join(f"CAST(NULL AS {types.get(columns[one], columns[one])}) AS {one}" for one in values)
    of_keys = " AND ".join(f"computed.{key} = old.{key}" for key in keys)
    return f"""MERGE INTO {name} AS t
USING (
  WITH computed AS (
    {view(name).sql}
  )
  SELECT {listed("computed", [*keys, *values])}, false AS is_gone
  FROM computed
  UNION ALL
  SELECT {listed("old", list(keys))}, {gone}, true
  FROM {name} AS old
  LEFT JOIN computed ON {of_keys}
  WHERE computed.site IS NULL
) AS n
ON {" AND ".join(f"t.{key} = n.{key}" for key in keys)}
WHEN MATCHED AND n.is_gone THEN DELETE
WHEN MATCHED THEN UPDATE SET {update(values)}
WHEN NOT MATCHED AND NOT n.is_gone THEN {insert(list(columns))}"""


WINDOWS_OF_DAY = f"""SELECT ':dt' AS dt, 0 AS first_hour, 23 AS last_hour,
  CAST(since AS date) AS since, CAST(until AS date) AS until
FROM (
  SELECT DISTINCT
    coalesce(event_date, CAST(event_at AS date)) AS since,
    coalesce(event_date, CAST(event_at AS date)) AS until
  FROM {LANDING}
  WHERE dt = ':dt' AND coalesce(event_date, CAST(event_at AS date)) < DATE ':dt' - INTERVAL '1' DAY
  UNION
  SELECT DISTINCT event_date, event_date FROM changed_visitors
  WHERE dt = ':dt'
    AND (event_date < DATE ':dt' - INTERVAL '1' DAY OR event_date > DATE ':dt' + INTERVAL '1' DAY)
  UNION
  SELECT DATE ':dt' - INTERVAL '1' DAY, DATE ':dt' + INTERVAL '1' DAY
) AS days
ORDER BY since DESC"""
"""The windows that a nightly run fills for the rows that arrived on one day: the hourly runs' once more (files that
came after their hour), then one for each earlier day on which something happened or changed."""
