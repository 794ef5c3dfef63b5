"""What an analyst sees: the views over the stream's rows give the sessions of the oracles."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

import pytest

from analytics.athena_to_duckdb import duck_type
from analytics.duckdb_lake import Lake, enriched_columns
from tests.proofs.sessions import oracle, stream
from tests.proofs.sessions.agreement import session_of
from tests.proofs.sessions.arrivals_oracle import followed, verdicts
from tests.proofs.sessions.histories import many
from tests.proofs.sessions.history import History, Record, arrivals, by_visitor
from tests.proofs.sessions.oracle import Session

HISTORIES = 500


@pytest.fixture(scope="module")
def all_histories() -> list[History]:
    """Histories whose visitors and event ids all differ, so that they fit in one lake."""
    return [one._replace(records=tuple(apart(r, seed) for r in one.records)) for seed, one in many(HISTORIES)]


def apart(record: Record, seed: int) -> Record:
    """The record as one of history *seed*: an event_id is one event of a site, whoever sent it."""
    visitor = f"{record.visitor}-{seed}"
    events = tuple((str(uuid5(NAMESPACE_OID, f"{visitor} {event_id}")), at) for event_id, at in record.events)
    return record._replace(visitor=visitor, events=events)


@pytest.fixture(scope="module")
def lake(all_histories: list[History], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    file = tmp_path_factory.mktemp("lake") / "enriched.json"
    with file.open("wb") as out:
        for one in all_histories:
            out.writelines(stream.run(one))
    lake = Lake()
    insert(lake, file)
    yield lake
    lake.close()


def insert(lake: Lake, file: Path) -> None:
    types = ", ".join(f"{column.name}: '{duck_type(column.type)}'" for column in enriched_columns())
    lake.database.execute(
        "INSERT INTO enriched BY NAME"
        f" SELECT * FROM read_json('{file}', format = 'newline_delimited', columns = {{{types}}})"
    )


def test_the_sessions_view_follows_merges_and_drops_copies(lake: Lake, all_histories: list[History]) -> None:
    events = lake.rows("SELECT site, visitor_id, session_id, event_id, event_at FROM events")
    shown: dict[str, list[dict[str, object]]] = {}
    for event in events:
        shown.setdefault(str(event["session_id"]), []).append(event)
    got = set()
    for rows in shown.values():
        times = [ms(row["event_at"]) for row in rows]
        ids = frozenset(str(row["event_id"]) for row in rows)
        got.add(Session(str(rows[0]["site"]), str(rows[0]["visitor_id"]), min(times), max(times), ids))
    assert got == {session for one in all_histories for session in first_rows_only(one)}
    view = lake.rows("SELECT site, visitor_id, started_at, ended_at, events FROM sessions")
    assert sorted(
        (row["site"], row["visitor_id"], ms(row["started_at"]), ms(row["ended_at"]), row["events"])
        for row in view
    ) == sorted((*session[:4], len(session.event_ids)) for session in got)


def test_where_nothing_differs_the_view_is_what_sorting_finds(
    lake: Lake, all_histories: list[History]
) -> None:
    got: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for row in lake.rows("SELECT site, visitor_id, started_at, ended_at, events FROM sessions"):
        session = (ms(row["started_at"]), ms(row["ended_at"]), row["events"])
        got.setdefault((row["site"], row["visitor_id"]), []).append(session)
    compared = 0
    for one in all_histories:
        sessions = oracle.sessions(one)
        for visitor, events in by_visitor(arrivals(one)).items():
            if oracle.differences(events, one.rules[visitor[0]]):
                continue
            compared += 1
            wanted = [(s.start, s.end, len(s.event_ids)) for s in sessions if s[:2] == visitor]
            assert sorted(got[visitor]) == sorted(wanted)
    assert compared > HISTORIES / 2


def first_rows_only(one: History) -> set[Session]:
    """The arrivals oracle's sessions with the first row of each event id, as the views keep it."""
    found = list(followed(verdicts(one)).values())
    first: dict[tuple[str, str, str], int] = {}
    for row in sorted((row for rows in found for row in rows), key=lambda row: row.ordinal):
        first.setdefault((row.site, row.visitor, row.event_id), row.ordinal)
    first_rows = [[row for row in rows if row.ordinal in first.values()] for rows in found]
    return {session_of(rows) for rows in first_rows if rows}


def ms(moment: object) -> int:
    assert isinstance(moment, datetime)
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)
