"""The oracles against examples worked out by hand, against each other, and against SQL."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, find, given, settings

from tests.sessions import oracle, sql_oracle
from tests.sessions.arrivals_oracle import Verdict, followed, verdicts
from tests.sessions.cases import CASES, Case, clock_ms, event_id, history
from tests.sessions.classes import Class, classes
from tests.sessions.histories import histories, many
from tests.sessions.history import Arrival, History, Rule, by_visitor
from tests.sessions.oracle import Difference, Session

COUNT = 2_000
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
quick = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def some() -> list[tuple[int, History]]:
    return list(many(COUNT))


@cases
def test_arrivals_oracle_gives_what_was_worked_out_by_hand(case: Case) -> None:
    told = verdicts(history(case))
    letter = {event_id(told.event): told.event for told in case.told}
    notes = [
        ("start",) * verdict.is_start
        + ("suspect",) * verdict.arrival.suspect
        + tuple(f"merges {letter[absorbed[2]]}" for absorbed in verdict.absorbed)
        + ("late",) * verdict.is_late
        for verdict in told
    ]
    got = [
        (letter[v.session[2]] if v.session else "", v.index, set(note))
        for v, note in zip(told, notes, strict=True)
    ]
    assert got == [(told.session, told.index, set(told.notes)) for told in case.told]


@cases
def test_sessions_followed_are_those_worked_out_by_hand(case: Case) -> None:
    letter = {event_id(told.event): told.event for told in case.told}
    got = {
        letter[opener[2]]: (
            "".join(sorted(letter[row.event_id] for row in rows)),
            min(row.at for row in rows),
            max(row.at for row in rows),
        )
        for opener, rows in followed(verdicts(history(case))).items()
    }
    assert got == {
        opener: (events, clock_ms(start), clock_ms(end))
        for opener, (events, start, end) in case.sessions.items()
    }


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("retention", {Difference.RETENTION}),
        ("copy-after-silence", {Difference.WINDOW}),
        ("copy-removes", {Difference.RETENTION}),
        ("merge-refused", {Difference.LENGTH}),
        ("three-near", {Difference.LENGTH}),
    ],
)
def test_the_examples_that_differ_from_sorting_say_why(name: str, differs: set[Difference]) -> None:
    case = next(case for case in CASES if case.name == name)
    events = by_visitor(v.arrival for v in verdicts(history(case)))["loja", "ana"]
    assert oracle.differences(events, case.rule) == differs


def test_every_other_example_agrees_with_sorting() -> None:
    agree = 0
    for case in CASES:
        told = verdicts(history(case))
        events = by_visitor(v.arrival for v in told)["loja", "ana"]
        if not oracle.differences(events, case.rule):
            agree += 1
            assert as_sessions(told) == oracle.sessions(history(case))
    assert agree == len(CASES) - 5


def test_the_two_oracles_agree_and_differ_exactly_where_the_rule_says(some) -> None:
    """Over the seeded histories, and every difference occurred alone, so that each assertion was made."""
    seen: Counter[frozenset[Difference]] = Counter()
    for _, one in some:
        seen.update(compare(one))
    alone = {difference: seen[frozenset({difference})] for difference in Difference}
    assert min(alone.values()) >= 5, alone
    assert seen[frozenset()] >= COUNT / 2


@quick
@given(histories())
def test_the_two_oracles_agree_on_drawn_histories(one: History) -> None:
    compare(one)


def test_sql_finds_the_same_sessions_as_python(some) -> None:
    found = sql_oracle.sessions(some)
    for seed, one in some:
        assert found[seed] == oracle.sessions(one), f"seed {seed}"


def test_everything_that_is_named_occurs(some) -> None:
    occurs: Counter[Class] = Counter()
    for _, one in some:
        occurs.update(classes(one))
    assert {name: occurs[name] for name in Class if occurs[name] < 5} == {}


def test_an_event_never_merges_more_than_two_sessions(some) -> None:
    """So one `merged_session_id` is enough: a third session near the event is always too long to take in."""
    assert max(len(verdict.absorbed) for _, one in some for verdict in verdicts(one)) == 1


def test_histories_shrink_to_the_smallest_merge() -> None:
    smallest = find(histories(), lambda one: Class.MERGE in classes(one), settings=quick)
    assert sum(len(record.events) for record in smallest.records) <= 4


def compare(one: History) -> list[frozenset[Difference]]:
    """Compare the oracles visitor by visitor; tell which differences applied to each."""
    told: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts(one):
        told.setdefault((verdict.arrival.site, verdict.arrival.visitor), []).append(verdict)
    sorted_sessions = oracle.sessions(one)
    applied = []
    for key, mine in told.items():
        events = [verdict.arrival for verdict in mine]
        differences = frozenset(oracle.differences(events, one.rules[key[0]]))
        wanted = {session for session in sorted_sessions if session[:2] == key}
        assert_difference(differences, mine, wanted, one.rules[key[0]])
        applied.append(differences)
    return applied


def assert_difference(
    differences: frozenset[Difference], told: list[Verdict], wanted: set[Session], rule: Rule
) -> None:
    """What must be the same in spite of the differences that apply, and what they must change."""
    got = as_sessions(told)
    rows = [verdict.arrival for verdict in told if verdict.session]
    firsts = oracle.first_copies([verdict.arrival for verdict in told])
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
    elif differences == {Difference.WINDOW} and same_times(told):
        # The view keeps the first row of an event id, and then nothing has changed.
        assert members(as_sessions(told, copies=False)) == members(wanted)
    if len(rows) == len(firsts):
        assert_chains_are_kept(got, firsts, rule)


def assert_chains_are_kept(got: set[Session], firsts: list[Arrival], rule: Rule) -> None:
    """Whatever differs: no session is too long, has a gap, or holds events from both sides of one."""
    at = {event.event_id: event.at for event in firsts}
    for session in got:
        times = sorted(at[name] for name in session.event_ids)
        assert (session.start, session.end) == (times[0], times[-1])
        assert session.end - session.start <= rule.longest
        assert all(b - a <= rule.gap for a, b in pairwise(times))


def same_times(told: list[Verdict]) -> bool:
    """Whether all copies of an event say that it happened at the same time."""
    return len({(v.arrival.event_id, v.arrival.at) for v in told}) == len({v.arrival.event_id for v in told})


def members(found: set[Session]) -> set[frozenset[str]]:
    return {session.event_ids for session in found}


def as_sessions(told: list[Verdict], *, copies: bool = True) -> set[Session]:
    """What the view shows once merges are followed; without `copies`, only the first row of each event id."""
    kept = {row.ordinal for row in oracle.first_copies([v.arrival for v in told if v.session])}
    found = set()
    for (site, visitor, *_), rows in followed(told).items():
        shown = [row for row in rows if copies or row.ordinal in kept]
        if shown:
            times = [row.at for row in shown]
            ids = frozenset(row.event_id for row in shown)
            found.add(Session(site, visitor, min(times), max(times), ids))
    return found
