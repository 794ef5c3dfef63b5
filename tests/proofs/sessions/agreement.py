"""Where sessions must agree with sorting everything, and what the named differences change and what not."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from tests.proofs.sessions import oracle
from tests.proofs.sessions.history import Arrival, History, Rule, arrivals, by_visitor
from tests.proofs.sessions.oracle import Difference, Session

Rows = Sequence[Arrival]
"""The arrivals that became rows of one session, merges followed."""


def compare(history: History, found: Iterable[Rows]) -> list[frozenset[Difference]]:
    """Hold the sessions `found` of a history against sorting; tell which differences apply to each visitor."""
    found_of: dict[tuple[str, str], list[Rows]] = {}
    for rows in found:
        (visitor,) = {(row.site, row.visitor) for row in rows}
        found_of.setdefault(visitor, []).append(rows)
    wanted = oracle.sessions(history)
    applied = []
    for visitor, events in by_visitor(arrivals(history)).items():
        rule = history.rules[visitor[0]]
        differences = frozenset(oracle.differences(events, rule))
        wanted_here = {session for session in wanted if session[:2] == visitor}
        assert_difference(differences, events, found_of[visitor], wanted_here, rule)
        applied.append(differences)
    return applied


def assert_difference(
    differences: frozenset[Difference], events: Rows, found: list[Rows], wanted: set[Session], rule: Rule
) -> None:
    """What the differences that apply to a visitor must change in their sessions, and what they must not."""
    got = {session_of(rows) for rows in found}
    rows = [row for rows in found for row in rows]
    firsts = oracle.first_copies(events)
    assert {row.event_id for row in rows} == {first.event_id for first in firsts}, "nothing is lost"
    if Difference.WATERMARK not in differences:
        # It applies exactly when a copy is taken again.
        assert (Difference.WINDOW in differences) == (len(rows) > len(firsts))
    if not differences:
        assert got == wanted
    elif differences == {Difference.RETENTION}:
        # It applies exactly when something is apart that sorting has together. Where no chain is cut for its
        # length, nothing else changes: each session is a part of one that sorting finds.
        assert got != wanted
        if all(chain[-1].at - chain[0].at <= rule.longest for chain in oracle.chains(firsts, rule.gap)):
            assert len(got) > len(wanted)
            assert all(any(part.event_ids <= whole.event_ids for whole in wanted) for part in got)
    elif differences == {Difference.WINDOW} and len({(e.event_id, e.at) for e in events}) == len(firsts):
        # Where all copies tell one time: the view keeps the first row of an event, and nothing has changed.
        first_rows = {first.ordinal for first in firsts}
        shown = [[row.event_id for row in one if row.ordinal in first_rows] for one in found]
        assert {frozenset(ids) for ids in shown if ids} == {session.event_ids for session in wanted}
    if len(rows) == len(firsts):
        for one in found:
            assert_is_a_session(one, rule)


def assert_is_a_session(rows: Rows, rule: Rule) -> None:
    """Whatever differs: no session is too long, and none spans a gap."""
    times = sorted(row.at for row in rows)
    assert times[-1] - times[0] <= rule.longest
    assert all(b - a <= rule.gap for a, b in pairwise(times))


def session_of(rows: Rows) -> Session:
    """These rows as the view shows them."""
    times = [row.at for row in rows]
    ids = frozenset(row.event_id for row in rows)
    return Session(rows[0].site, rows[0].visitor, min(times), max(times), ids)
