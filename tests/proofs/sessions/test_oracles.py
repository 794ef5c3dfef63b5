"""The oracles against examples worked out by hand, against each other, and against SQL."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.proofs.sessions import oracle, sql_oracle
from tests.proofs.sessions.agreement import compare, session_of
from tests.proofs.sessions.arrivals_oracle import Verdict, followed, verdicts
from tests.proofs.sessions.cases import CASES, Case, clock_ms, event_id, history
from tests.proofs.sessions.histories import histories, many
from tests.proofs.sessions.history import History, by_visitor
from tests.proofs.sessions.oracle import Difference

COUNT = 2_000
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
quick = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def some() -> list[tuple[int, History]]:
    return list(many(COUNT))


@pytest.fixture(scope="module")
def judged(some) -> list[tuple[History, list[Verdict]]]:
    return [(one, verdicts(one)) for _, one in some]


@cases
def test_arrivals_oracle_gives_what_was_worked_out_by_hand(case: Case) -> None:
    found = verdicts(history(case))
    letter = {event_id(one.event): one.event for one in case.events}
    notes = [
        ("start",) * verdict.is_start
        + ("suspect",) * verdict.arrival.suspect
        + tuple(f"merges {letter[absorbed[2]]}" for absorbed in verdict.absorbed)
        + ("late",) * verdict.is_late
        for verdict in found
    ]
    got = [
        (letter[v.session[2]] if v.session else "", v.index, set(note))
        for v, note in zip(found, notes, strict=True)
    ]
    assert got == [(one.session, one.index, set(one.notes)) for one in case.events]


@cases
def test_sessions_followed_are_those_worked_out_by_hand(case: Case) -> None:
    letter = {event_id(one.event): one.event for one in case.events}
    sessions = followed(verdicts(history(case)))
    # Only a copy that comes after everything was forgotten opens a second session by the same event (decision 0070).
    assert len(sessions) == len(case.sessions) + (case.name == "copy-after-silence")
    got = {
        letter[opener[2]]: (
            "".join(sorted(letter[row.event_id] for row in rows)),
            min(row.at for row in rows),
            max(row.at for row in rows),
        )
        for opener, rows in sessions.items()
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
        found = verdicts(history(case))
        events = by_visitor(v.arrival for v in found)["loja", "ana"]
        if not oracle.differences(events, case.rule):
            agree += 1
            assert {session_of(rows) for rows in followed(found).values()} == oracle.sessions(history(case))
    assert agree == len(CASES) - 5


def test_the_two_oracles_agree_and_differ_exactly_where_the_rule_says(judged) -> None:
    """Over the seeded histories, and every difference occurred alone, so that each assertion was made."""
    seen: Counter[frozenset[Difference]] = Counter()
    for one, found in judged:
        seen.update(compare(one, followed(found).values()))
    alone = {difference: seen[frozenset({difference})] for difference in Difference}
    assert min(alone.values()) >= 5, alone
    assert seen[frozenset()] >= COUNT / 2


@quick
@given(histories())
def test_the_two_oracles_agree_on_drawn_histories(one: History) -> None:
    compare(one, followed(verdicts(one)).values())


def test_sql_finds_the_same_sessions_as_python(some) -> None:
    found = sql_oracle.sessions(some)
    for seed, one in some:
        assert found[seed] == oracle.sessions(one), f"seed {seed}"


def test_an_event_never_merges_more_than_two_sessions(judged) -> None:
    """So one `merged_session_id` is enough: a third session near the event is always too long to take in."""
    assert max(len(verdict.absorbed) for _, found in judged for verdict in found) == 1
