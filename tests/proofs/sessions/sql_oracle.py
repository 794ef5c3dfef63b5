"""The rule of `oracle.py` once more, as one SQL query over many histories at once.

It shares nothing with the Python but the records: event time, copies, chains and cuts are all SQL.
"""

from collections.abc import Iterable

import duckdb

from tests.proofs.sessions.history import History
from tests.proofs.sessions.oracle import Session

SESSIONS = """
with recursive
claims as (
  select *, case
      when ts is null then received_at
      when sent_at is null or sent_at between received_at - 300000 and received_at + 300000 then ts
      else received_at - (sent_at - ts)
    end as claimed
  from arrivals
),
timed as (
  select *, case
      when claimed < received_at - 7 * 86400000 then received_at
      else least(claimed, received_at)
    end as happened
  from claims
),
firsts as (
  select * from timed
  qualify row_number() over (partition by history, site, visitor, event_id order by ordinal) = 1
),
stepped as (
  select *, happened - lag(happened) over (partition by history, site, visitor order by happened) as step
  from firsts
),
chained as (
  select *, count(*) filter (step > gap)
    over (partition by history, site, visitor order by happened range unbounded preceding) as chain
  from stepped
),
starts as (
  select history, site, visitor, chain, min(happened) as start from chained group by all
  union all
  select c.history, c.site, c.visitor, c.chain, min(c.happened)
  from starts s join chained c using (history, site, visitor, chain)
  where c.happened > s.start + c.longest
  group by c.history, c.site, c.visitor, c.chain, s.start
),
spans as (
  select c.*, s.start
  from chained c asof join starts s
    on c.history = s.history and c.site = s.site and c.visitor = s.visitor and c.chain = s.chain
    and c.happened >= s.start
)
select history, site, visitor, start, max(happened), list(event_id)
from spans group by history, site, visitor, start
"""


def sessions(histories: Iterable[tuple[int, History]]) -> dict[int, set[Session]]:
    """The sessions of each numbered history."""
    rows = [
        (number, ordinal, record.site, record.visitor, record.received_at, record.sent_at, *event, *rule[:2])
        for number, history in histories
        for ordinal, record in enumerate(history.records)
        for event in record.events
        for rule in (history.rules[record.site],)
    ]
    names = [
        *("history", "ordinal", "site", "visitor", "received_at", "sent_at"),
        *("event_id", "ts", "gap", "longest"),
    ]
    columns = {name: [row[index] for row in rows] for index, name in enumerate(names)}
    columns["ordinal"] = list(range(len(rows)))
    with duckdb.connect() as database:
        database.execute(
            "create table arrivals (history int, ordinal int, site text, visitor text, received_at bigint,"
            " sent_at bigint, event_id text, ts bigint, gap bigint, longest bigint)"
        )
        selected = ", ".join(f"unnest(${name}) as {name}" for name in names)
        database.execute(f"insert into arrivals select {selected}", columns)
        found: dict[int, set[Session]] = {}
        for number, site, visitor, start, end, ids in database.execute(SESSIONS).fetchall():
            found.setdefault(number, set()).add(Session(site, visitor, start, end, frozenset(ids)))
    return found
