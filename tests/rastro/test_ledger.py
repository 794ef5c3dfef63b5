"""The ledger sees what is lost, doubled, unasked for and answered wrongly."""

from rastro.synthetic_shop import Request, Sent, Verdict
from rastro.traffic.ledger import promises, settle
from rastro.traffic.post import Answer

GOOD = Sent("a", {"event": "page_view"}, Verdict.ACCEPTED)
ALSO = Sent("b", {"event": "page_view"}, Verdict.ACCEPTED)
BAD = Sent("c", {"event": 17}, Verdict.REJECTED)
REQUEST = Request("v", "203.0.113.9", (), b"", (GOOD, ALSO, BAD), None)
AS_PLANNED = Answer(202, {"accepted": 2, "rejected": [{"index": 2, "reason": "invalid_event"}]}, 1)


def test_all_well() -> None:
    made = promises([REQUEST, REQUEST._replace(is_copy=True)], {0: AS_PLANNED, 1: AS_PLANNED})
    assert made.surprises == ()
    ledger = settle(made, ["a", "b"], 2)
    assert ledger._asdict() == {
        "sent": 3,
        "accepted": 2,
        "rejected": 1,
        "enriched": 2,
        "lost": 0,
        "rejected_stored": 2,
        "copies": 3,
        "duplicates": 0,
        "strangers": 0,
    }


def test_lost_doubled_and_unknown_rows() -> None:
    ledger = settle(promises([REQUEST], {0: AS_PLANNED}), ["a", "a", "x"], 1)
    assert (ledger.enriched, ledger.lost, ledger.duplicates, ledger.strangers) == (1, 1, 1, 1)


def test_an_event_that_was_refused_once_and_taken_later_is_accepted() -> None:
    refused = Answer(503, {}, 6)
    made = promises([REQUEST, REQUEST._replace(is_copy=True)], {0: refused, 1: AS_PLANNED})
    assert (made.accepted, made.rejected) == (frozenset("ab"), 1)
    assert len(made.surprises) == 1


def test_wrong_answers_are_reported() -> None:
    took_all = Answer(202, {"accepted": 3, "rejected": []}, 1)
    assert "event 2" in promises([REQUEST], {0: took_all}).surprises[0]
    refused_good = Answer(202, {"accepted": 1, "rejected": [{"index": 0}, {"index": 2}]}, 1)
    assert "event 0" in promises([REQUEST], {0: refused_good}).surprises[0]
    does_not_add_up = Answer(202, {"accepted": 1, "rejected": [{"index": 2}]}, 1)
    assert "add up" in promises([REQUEST], {0: does_not_add_up}).surprises[0]
    assert "no answer" in promises([REQUEST], {}).surprises[0]
