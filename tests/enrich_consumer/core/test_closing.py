"""Sessions end and carts are abandoned: through the whole core, by the shard's own time."""

from typing import Any

import orjson
import pytest

from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.closing import GRACE_MS, SLACK_MS
from enrich_consumer.core.sessions.shard_state import ShardState
from schemas import parse_sites
from tests.support.consumer_doubles import ENRICH, NOW, event, raw
from tests.support.records import CHROME

MINUTE = 60_000
HOUR = 60 * MINUTE
GAP = 30 * MINUTE
KEPT = 90 * MINUTE
SITES = parse_sites(
    """{"version": 1, "sites": {
  "loja": {"keys": ["pk_test_loja_0001"], "currency": "BRL"},
  "rapida": {"keys": ["pk_test_rapida_01"], "currency": "BRL", "session": {"cart_silence_minutes": 10}}}}"""
)


class Stream:
    """One shard; its rows so far."""

    def __init__(self) -> None:
        self.state = ShardState()
        self.session_ends: list[dict[str, Any]] = []
        self.cart_events: list[dict[str, Any]] = []
        self.number = 0

    def put(self, minute: float, *events: dict[str, Any], **fields: Any) -> None:
        """A record received `minute` minutes after NOW; without events it is a tick."""
        self.number += 1
        received_at = NOW + round(minute * MINUTE)
        events_given = [{"ts": received_at, **one} for one in events]
        data = raw(*events_given, received_at=received_at, **{"user_agent": CHROME, **fields})
        if not events:
            data = raw(received_at=received_at, visitor_id="rastro-tick").replace(
                orjson.dumps([event()]), b"[]"
            )
        outcome = process(Incoming(self.number, data), SITES, ENRICH, self.state)
        assert not outcome.rejected
        self.session_ends += map(orjson.loads, outcome.session_ends)
        self.cart_events += map(orjson.loads, outcome.cart_events)

    def ends(self) -> list[tuple[Any, ...]]:
        return [(row["revision"], row["is_final"], row["closed_by"]) for row in self.session_ends]


def items(*quantities: int, **fields: Any) -> dict[str, Any]:
    return {
        "ecommerce": {
            "items": [
                {"item_id": f"SKU-{n}", "item_name": "Tênis", "price": 10.5, "quantity": quantity}
                for n, quantity in enumerate(quantities, start=1)
            ],
            **fields,
        }
    }


@pytest.fixture
def stream() -> Stream:
    return Stream()


def after(silence: int) -> float:
    """Minutes: the first whole second by which a silence that began at NOW has passed, and one millisecond."""
    at = NOW + silence
    return (at + -at % 1000 + 1 - NOW) / MINUTE


def test_a_session_ends_provisionally_after_the_gap_and_for_good_when_nothing_can_join(stream):
    stream.put(0, event(1))
    stream.put(after(GAP + GRACE_MS) - 1 / MINUTE)
    assert stream.ends() == []
    stream.put(after(GAP + GRACE_MS))
    assert stream.ends() == [(1, False, "gap")]
    stream.put(after(KEPT + SLACK_MS) - 1 / MINUTE)
    assert len(stream.ends()) == 1
    stream.put(after(KEPT + SLACK_MS))
    assert stream.ends() == [(1, False, "gap"), (2, True, "gap")]
    assert len(stream.state) <= 1
    assert not any(stream.state.dirty_visitors().values())
    stream.put(1000)
    assert len(stream.ends()) == 2


def test_a_late_event_makes_a_new_revision(stream):
    stream.put(0, event(1))
    stream.put(40)
    stream.put(50, event(2, ts=NOW + 10 * MINUTE))
    stream.put(95)
    stream.put(300)
    assert stream.ends() == [(1, False, "gap"), (2, False, "gap"), (3, True, "gap")]
    assert [row["events"] for row in stream.session_ends] == [1, 2, 2]
    assert len({row["row_id"] for row in stream.session_ends}) == 3
    assert len({row["session_id"] for row in stream.session_ends}) == 1


def test_an_absorbed_session_is_taken_back(stream):
    stream.put(0, event(1))
    stream.put(50, event(2))
    stream.put(56, event(3, ts=NOW + 25 * MINUTE))
    first, taken_back = stream.session_ends
    assert (first["revision"], first["closed_by"]) == (1, "gap")
    assert (taken_back["closed_by"], taken_back["is_final"], taken_back["revision"]) == ("merge", True, 2)
    assert taken_back["merged_into"] == first["session_id"]
    stream.put(300)
    last = stream.session_ends[-1]
    assert (last["session_id"], last["events"], last["is_final"]) == (first["session_id"], 3, True)
    assert [row["session_id"] for row in stream.session_ends if row["is_final"]].count(
        first["session_id"]
    ) == 1


def test_a_session_cut_by_its_length_says_so(stream):
    for number in range(60):
        stream.put(number * 25, event(number))
    stream.put(60 * 25 + 300)
    assert [row["closed_by"] for row in stream.session_ends if row["is_final"]] == ["length", "gap"]


def test_the_row_tells_what_the_session_was(stream):
    page = {"url": "https://www.loja.example/oferta?utm_source=google&utm_medium=cpc&utm_campaign=verao"}
    stream.put(0, event(1, page=page), visitor_id="ana")
    shown = {"event": "page_view", "page": {"url": "https://www.loja.example/carrinho"}}
    stream.put(1, event(2, **shown), visitor_id="ana")
    bought = items(1, transaction_id="A-1", value=10.5, currency="BRL")
    stream.put(2, event(3, event="purchase", user_id="u-7", **bought), visitor_id="ana")
    stream.put(3, event(4, event="purchase", **bought), visitor_id="ana")  # the same order, sent again
    stream.put(4, event(5, event="add_to_cart", **items(2)), visitor_id="ana")
    stream.put(300)
    row = stream.session_ends[-1]
    assert row == {
        **row,
        "site": "loja",
        "visitor_id": "ana",
        "events": 5,
        "page_views": 2,
        "is_engaged": True,
        "seconds": 240.0,
        "entry_path": "/oferta",
        "exit_path": "/carrinho",
        "channel": "Paid Search",
        "source": "google",
        "medium": "cpc",
        "campaign": "verao",
        "device_class": "desktop",
        "orders": 1,
        "revenue": [{"currency": "BRL", "value": 10.5}],
        "cart_quantity": 2,
        "cart_value": 21.0,
        "cart_currency": "BRL",
        "user_id": "u-7",
        "is_bot": False,
        "is_final": True,
    }


def test_a_cart_is_abandoned_once_after_the_silence_the_site_sets(stream):
    fields = {"event": "add_to_cart", "page": {"url": "https://www.loja.example/p/1"}, "user_id": "u-7"}
    stream.put(0, event(1, **fields, **items(1, 2)), site="rapida")
    stream.put(after(10 * MINUTE + GRACE_MS) - 1 / MINUTE)
    assert stream.cart_events == []
    stream.put(after(10 * MINUTE + GRACE_MS))
    (row,) = stream.cart_events
    assert row == {
        **row,
        "event_name": "cart_abandoned",
        "event_at": "2026-11-21T21:30:00.123Z",
        "site": "rapida",
        "visitor_id": "v-1",
        "user_id": "u-7",
        "revision": 1,
        "items_quantity": 3,
        "value": 31.5,
        "currency": "BRL",
        "last_page_path": "/p/1",
    }
    assert row["items"][1] == {
        "item_id": "SKU-2",
        "item_name": "Tênis",
        "price": 10.5,
        "currency": "BRL",
        "quantity": 2,
    }
    for minute in range(20, 200, 20):
        stream.put(minute)
    stream.put(210, event(2), site="rapida")  # comes back, changes nothing
    stream.put(400)
    assert len(stream.cart_events) == 1
    stream.put(401, event(3, event="add_to_cart", **items(1)), site="rapida")
    stream.put(500)
    assert [one["revision"] for one in stream.cart_events] == [1, 2]


def test_a_purchase_after_it_recovers_and_a_late_one_before_it_takes_it_back(stream):
    for visitor in ("ana", "bia"):
        stream.put(0, event(1, event="view_cart", **items(1)), visitor_id=visitor)
    stream.put(75)
    assert [row["event_name"] for row in stream.cart_events] == ["cart_abandoned"] * 2
    ids = {row["visitor_id"]: row["row_id"] for row in stream.cart_events}
    stream.put(80, event(2, event="purchase", **items(1, transaction_id="A-1")), visitor_id="ana")
    late = event(3, event="purchase", ts=NOW + 5 * MINUTE, **items(1, transaction_id="A-2"))
    stream.put(81, late, visitor_id="bia")
    recovered, retracted = stream.cart_events[2:]
    assert (recovered["event_name"], recovered["answers"]) == ("cart_recovered", ids["ana"])
    assert (recovered["transaction_id"], recovered["value"]) == ("A-1", 10.5)
    assert (retracted["event_name"], retracted["answers"]) == ("cart_retracted", ids["bia"])
    stream.put(1000)
    assert len(stream.cart_events) == 4


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([("add_to_cart", (2,))], 2),
        ([("add_to_cart", (2,)), ("remove_from_cart", (1,))], 1),
        ([("add_to_cart", (1,)), ("remove_from_cart", (1,))], 0),
        ([("add_to_cart", (1,)), ("view_cart", (3, 1))], 4),
        ([("add_to_cart", (1,)), ("view_cart", ())], 0),
        ([("begin_checkout", (1, 1)), ("add_payment_info", (1, 1))], 2),
        ([("add_to_cart", (1,)), ("purchase", (1,))], 0),
        ([("purchase", (1,)), ("add_to_cart", (1,))], 1),
        ([("remove_from_cart", (1,))], 0),
        ([("add_to_cart", (1,)), ("add_to_wishlist", (5,)), ("view_item", (5,))], 1),
    ],
)
def test_what_each_event_does_to_a_cart(stream, events, left):
    for number, (name, quantities) in enumerate(events, start=1):
        stream.put(number, event(number, event=name, **items(*quantities)))
    stream.put(200)
    assert sum(row["items_quantity"] for row in stream.cart_events) == left
    assert len(stream.cart_events) == (left > 0)


def test_what_comes_out_of_order_does_not_undo_a_newer_snapshot(stream):
    stream.put(5, event(1, event="view_cart", **items(3)))
    stream.put(6, event(2, event="add_to_cart", ts=NOW, **items(1)))
    stream.put(7, event(3, event="view_cart", ts=NOW + MINUTE, **items(1)))
    stream.put(8, event(4, event="purchase", ts=NOW - HOUR, **items(1)))  # of an earlier cart
    stream.put(100)
    assert [row["items_quantity"] for row in stream.cart_events] == [3]


def test_bots_and_who_refused_give_none(stream):
    cart = {"event": "add_to_cart", **items(1)}
    stream.put(
        0, event(1, **cart), visitor_id="bot", user_agent="Googlebot/2.1 (+http://www.google.com/bot.html)"
    )
    stream.put(0, event(2, consent={"analytics": False}, **cart), visitor_id="no-analytics")
    stream.put(0, event(3, consent={"ads": False}, **cart), visitor_id="no-ads")
    stream.put(0, event(4, **cart), visitor_id="gpc", headers={"sec_gpc": "1"})
    stream.put(0, event(5, consent={"analytics": True, "ads": True}, **cart), visitor_id="yes")
    stream.put(0, event(6, consent={"analytics": "no"}, **cart), visitor_id="not-understood")
    stream.put(200)
    assert [row["visitor_id"] for row in stream.cart_events] == ["yes"]


def test_money_is_never_added_across_currencies(stream):
    stream.put(0, event(1, event="add_to_cart", **items(1, currency="BRL")))
    other = {"items": [{"item_id": "X", "price": 5}], "currency": "USD"}
    stream.put(1, event(2, event="add_to_cart", ecommerce=other))
    stream.put(100)
    (row,) = stream.cart_events
    assert "value" not in row
    assert [item["currency"] for item in row["items"]] == ["BRL", "USD"]


def test_ticks_of_an_unknown_site_and_two_at_once_are_harmless(stream):
    stream.put(0, event(1))
    for _ in range(2):
        stream.number += 1
        tick = raw(site="gone", visitor_id="rastro-tick", received_at=NOW + 40 * MINUTE).replace(
            orjson.dumps([event()]), b"[]"
        )
        outcome = process(Incoming(stream.number, tick), SITES, ENRICH, stream.state)
        assert not outcome.rejected
        stream.session_ends += map(orjson.loads, outcome.session_ends)
    assert stream.ends() == [(1, False, "gap")]
    assert stream.state.sequence == stream.number


def test_a_copy_of_the_opening_event_that_comes_too_late_has_a_session_and_an_end_of_its_own(stream):
    stream.put(0, event(1))
    stream.put(1, event(2))
    stream.put(200)
    stream.put(300, event(1, ts=NOW))
    stream.put(600)
    finals = [row for row in stream.session_ends if row["is_final"]]
    assert [(row["events"], row["started_at"] == finals[0]["started_at"]) for row in finals] == [
        (2, True),
        (1, True),
    ]
    assert len({row["session_id"] for row in finals}) == 2
    assert len({row["row_id"] for row in stream.session_ends}) == len(stream.session_ends)


def test_a_late_event_that_opens_a_session_names_it_the_same_at_each_replay():
    def announced() -> list[str]:
        once = Stream()
        once.put(0, event(1, ts=NOW - 2 * HOUR))
        once.put(600)
        return [row["session_id"] for row in once.session_ends]

    assert announced() == announced()
    assert len(set(announced())) == 1
