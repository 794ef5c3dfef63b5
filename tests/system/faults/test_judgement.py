"""What judges the faults finds what is wrong: each of these would pass if the judge looked away."""

import json

import pytest

from rastro.synthetic_shop import Request, Sent, Verdict
from tests.system.faults import page
from tests.system.faults.alarms import Alarm, Point, fired
from tests.system.faults.oracle import sessions_of_requests, sessions_of_rows
from tests.system.faults.result import Result, read
from tests.system.faults.sender import Attempt, fates, surprises

MINUTE = 60_000


def request(visitor: str, *events: tuple[str, int]) -> Request:
    sent = tuple(Sent(event_id, {"ts": at}, Verdict.ACCEPTED) for event_id, at in events)
    return Request(visitor, "203.0.113.1", (), b"", sent, None)


def attempt(number: int, status: int, *rejected: int, count: int = 2) -> Attempt:
    document = {"accepted": count - len(rejected), "rejected": [{"index": index} for index in rejected]}
    return Attempt(number, 0.0, 0.0, 1.0 + number, status, document if status == 202 else {})


def alarm(expression: str = "", comparison: str = "GreaterThanThreshold", *, missing: bool = False) -> Alarm:
    metrics = {"arrived": ("A in", "Sum"), "read": ("A out", "Sum")} if expression else {"m": ("A in", "Sum")}
    return Alarm("it", metrics, expression, 300.0, 0.0, comparison, missing)


def test_an_event_is_what_its_answers_say() -> None:
    requests = [request("a", ("1", 0), ("2", 0)), request("b", ("3", 0), ("4", 0)), request("c", ("5", 0))]
    attempts = [attempt(0, 503), attempt(0, 202, 1), attempt(1, 503), attempt(2, 0)]
    fate = fates(requests, attempts)
    assert set(fate.accepted) == {"1"}
    assert (fate.rejected, fate.refused, fate.unknown) == ({"2"}, {"3", "4"}, {"5"})
    assert surprises(requests, attempts) == ["request 0: rejects [1] instead of []"]


def test_sessions_are_cut_where_nothing_happened_for_more_than_half_an_hour() -> None:
    requests = [
        request("a", ("1", 0), ("2", 30 * MINUTE)),
        request("a", ("3", 61 * MINUTE)),
        request("b", ("4", 0)),
    ]
    accepted = dict.fromkeys("1234", 0.0)
    wanted = sessions_of_requests(requests, accepted, 0)
    assert wanted == {frozenset("12"), frozenset("3"), frozenset("4")}
    rows = [
        {"site": "x", "visitor_id": who, "session_id": session, "event_id": event_id}
        for who, session, event_id in (("a", "s", "1"), ("a", "s", "2"), ("a", "s", "3"), ("b", "s", "4"))
    ]
    assert sessions_of_rows(rows) ^ wanted == {frozenset("12"), frozenset("3"), frozenset("123")}


@pytest.mark.parametrize(
    ("arrived", "read_", "fires"),
    [(5, 0, True), (5, 5, False), (0, 0, False)],
    ids=["stalled", "well", "quiet"],
)
def test_an_alarm_with_an_expression(arrived: int, read_: int, *, fires: bool) -> None:
    series = {"A in": [Point(5, arrived)] if arrived else [], "A out": [Point(6, read_)] if read_ else []}
    stalled = alarm("IF(FILL(arrived, 0) > 0 AND FILL(read, 0) == 0, 1, 0)")
    assert bool(fired([stalled], series, 0, 10)) is fires


def test_missing_data_breaches_only_where_the_alarm_says_so() -> None:
    assert fired([alarm(comparison="LessThanThreshold", missing=True)], {"A in": []}, 0, 10) == ["it"]
    assert fired([alarm(comparison="LessThanThreshold")], {"A in": []}, 0, 10) == []
    assert fired([alarm(missing=True)], {}, 0, 10) == [], "what nothing here emits is not judged"


def test_an_alarm_for_what_lasts_has_to_breach_in_every_part() -> None:
    lasting = alarm()._replace(points=3)
    assert fired([lasting], {"A in": [Point(at, 1.0) for at in (1, 5, 9)]}, 0, 10) == ["it"]
    assert fired([lasting], {"A in": [Point(1, 1.0), Point(5, 0.0), Point(9, 1.0)]}, 0, 10) == []


def test_points_outside_the_fault_do_not_count() -> None:
    assert fired([alarm()], {"A in": [Point(11, 1.0)]}, 0, 10) == []


def test_a_wait_that_grows_with_the_fault_is_one_that_passes_any_threshold() -> None:
    lag = Alarm(
        "lag", {"m": ("Rastro MillisBehindLatest", "Maximum")}, "", 300, 6e5, "GreaterThanThreshold", False
    )
    assert fired([lag], {"Rastro MillisBehindLatest": [Point(9, 9_000)]}, 0, 10) == ["lag"]
    assert fired([lag], {"Rastro MillisBehindLatest": [Point(9, 500)]}, 0, 10) == []


@pytest.mark.parametrize("field", ["lost", "unkept", "copies_in_views", "sessions_wrong", "lines_wrong"])
def test_a_result_with_a_finding_is_not_good(field: str) -> None:
    blank = dict.fromkeys(Result._fields, 0)
    lists = {name: [] for name in ("alarms", "alarms_missing", "seen", "surprises")}
    good = Result(
        **(blank | lists | {"name": "x", "says": "x", "group": "x", "at": "", "answers": {}, "figures": {}})
    )
    assert good.good
    assert not good._replace(**{field: 1}).good
    assert not good._replace(alarms_missing=["silent"]).good


def test_the_page_is_what_the_results_say() -> None:
    results = read()
    assert page.PAGE.read_text(encoding="utf-8") == page.text(results), "make faults writes it"
    assert json.dumps([result.name for result in results if not result.good]) == "[]", (
        "a finding has to be repaired"
    )
