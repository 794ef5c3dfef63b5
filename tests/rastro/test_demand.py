"""The planned load: the same for the same seed, and ingest and the core agree with what it predicts."""

from collections import Counter
from ipaddress import ip_address

import pytest

from rastro.synthetic_shop import Verdict, expected_sessions, plan
from rastro.synthetic_shop.session_count import GAP_MS, LENGTH_MS, cut
from rastro.traffic.ledger import promises, settle
from tests.analytics import flow

NOW = 1_795_296_000_000


def test_same_seed_same_load() -> None:
    assert plan(5, 300, NOW) == plan(5, 300, NOW)
    assert plan(5, 300, NOW) != plan(6, 300, NOW)


@pytest.mark.parametrize("events", [1, 2, 99, 100, 777])
def test_exactly_as_many_events_as_asked_for(events: int) -> None:
    requests = plan(1, events, NOW).requests
    ids = [sent.event_id for request in requests if not request.is_copy for sent in request.events]
    assert len(ids) == len(set(ids)) == events


def test_the_load_has_what_a_shop_has() -> None:
    requests = plan(1, 2000, NOW).requests
    names = Counter(
        sent.event["event"] for r in requests for sent in r.events if sent.verdict is Verdict.ACCEPTED
    )
    assert set(names) >= {
        *("page_view", "view_item_list", "select_item", "view_item", "search", "add_to_cart", "view_cart"),
        *("begin_checkout", "add_shipping_info", "add_payment_info", "purchase", "login"),
    }
    ips = {request.ip for request in requests}
    assert all(ip_address(ip).is_global for ip in ips)
    assert {ip_address(ip).version for ip in ips} == {4, 6}
    text = " ".join(str(sent.event) for r in requests for sent in r.events)
    assert all(word in text for word in ("utm_campaign=", "gclid=", "fbclid=", "coupon", "login"))
    assert any(request.is_copy for request in requests)
    kinds = {sent.verdict for request in requests for sent in request.events}
    assert kinds == set(Verdict)


@pytest.mark.parametrize("seed", range(1, 9))
def test_door_and_core_agree_with_the_plan(seed: int) -> None:
    load = plan(seed, 600, NOW)
    done = flow.run(load, NOW)
    made = promises(load.requests, done.answers)
    assert made.surprises == ()
    assert done.probe_statuses == [probe.status for probe in load.probes]
    events = [row for row in done.rows if row["event_name"] != "session_merge"]
    ledger = settle(made, [row["event_id"] for row in events], len(done.rejected))
    assert (ledger.sent, ledger.lost, ledger.duplicates, ledger.strangers) == (600, 0, 0, 0)
    survivors = {row["merged_session_id"] for row in done.rows if row["event_name"] == "session_merge"}
    written = {row["session_id"] for row in done.rows}
    assert len(written - survivors) == expected_sessions(load.requests, NOW)


def test_some_load_joins_two_sessions() -> None:
    rows = [row for seed in range(1, 9) for row in flow.run(plan(seed, 600, NOW), NOW).rows]
    assert any(row["event_name"] == "session_merge" for row in rows)


def test_nothing_happens_after_now() -> None:
    for seed in range(20):
        for request in plan(seed, 300, NOW).requests:
            for sent in request.events:
                if sent.verdict is Verdict.ACCEPTED:
                    clock_error = request.sent_at - NOW if request.sent_at is not None else 0
                    assert NOW - 7 * 24 * 3_600_000 < sent.event["ts"] - clock_error < NOW


@pytest.mark.parametrize(
    ("times", "sessions"),
    [
        ([], 0),
        ([5], 1),
        ([0, GAP_MS], 1),
        ([0, GAP_MS + 1], 2),
        ([at * GAP_MS for at in range(49)], 1),
        ([*(at * GAP_MS for at in range(49)), LENGTH_MS + 1], 2),
    ],
)
def test_cut(times: list[int], sessions: int) -> None:
    assert cut(times) == sessions
