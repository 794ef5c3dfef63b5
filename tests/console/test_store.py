"""The console's memory: every id finds its event, copies count once, and it stays bounded."""

from typing import Any

import pytest

from console.store import Store
from tests.support.raw_records import raw_record

NOW = 1_795_296_000_000


def raw(event_id: str, **event: Any) -> dict[str, Any]:
    return raw_record({"event_id": event_id, "event": "page_view", **event}, visitor_id="v1", received_at=NOW)


def columns(event_id: str, **more: Any) -> dict[str, Any]:
    return {
        "event_id": event_id, "event_name": "page_view", "visitor_id": "v1", "session_id": "s1",
        "event_date": "2026-11-21", **more,
    }  # fmt: skip


def test_an_event_is_found_by_each_of_its_ids():
    store = Store()
    event = raw(
        "e1", user_id="u9", ecommerce={"transaction_id": "P-7"}, properties={"message_id": "ajs-next-1"}
    )
    store.take_raw("shard-0", "10", NOW, event)
    store.take_enriched("shard-0", "20", NOW + 1500, columns("e1"))
    for wanted in ("e1", "E1", " e1 ", "v1", "u9", "P-7", "ajs-next-1", "s1"):
        assert [story.event_id for story in store.find(wanted)] == ["e1"], wanted
    assert store.find("nobody") == []
    assert store.latency(0.5) == 1500


@pytest.mark.parametrize("original", [{"event_id": "odd/1", "ts": "ontem"}, {"event_id": 12345}])
def test_an_event_is_found_by_the_id_that_its_own_was_derived_from(original: dict[str, Any]):
    store = Store()
    store.take_raw("shard-0", "10", NOW, raw("e1", properties={"original": original}))
    assert [story.event_id for story in store.find(str(original["event_id"]))] == ["e1"]
    assert store.find("ontem") == []


@pytest.mark.parametrize("properties", [None, [], {"original": None}, {"original": "odd/1"}])
def test_properties_that_are_nothing_to_look_in(properties: Any):
    store = Store()
    store.take_raw("shard-0", "10", NOW, raw("e1", properties=properties))
    assert [story.event_id for story in store.find("e1")] == ["e1"]


def test_a_copy_is_a_copy_and_a_record_read_again_is_nothing():
    store = Store()
    for sequence in ("10", "10", "11"):
        store.take_raw("shard-0", sequence, NOW, raw("e1"))
    (second,) = [second for second in store.seconds(NOW + 1000, 1) if second.accepted]
    assert (second.accepted, second.copies) == (1, 1)
    store.take_enriched("shard-0", "20", NOW, columns("e1"))
    store.take_enriched("shard-0", "20", NOW, columns("e1"))
    assert len(store.find("e1")[0].enriched) == 1


def test_it_forgets_the_oldest_with_all_their_ids():
    store = Store(most=2)
    for number in range(5):
        store.take_raw("shard-0", str(number), NOW, raw(f"e{number}", user_id=f"u{number}"))
    assert set(store.event_ids()) == {"e2", "e3", "e4"}, "two generations: at least the newest two"
    assert store.find("e0") == store.find("u1") == []
    assert [story.event_id for story in store.find("v1")] == ["e2", "e3", "e4"]
    assert [story.event_id for story in store.find("u4")] == ["e4"]


def test_a_story_over_two_generations_is_one():
    store = Store(most=3)
    store.take_raw("shard-0", "1", NOW, raw("e1"))
    for number in range(2, 5):
        store.take_raw("shard-0", str(number), NOW, raw(f"e{number}"))
    store.take_enriched("shard-0", "9", NOW + 700, columns("e1"))
    (story,) = store.find("e1")
    assert (len(story.raw), len(story.enriched), store.latency(0.5)) == (1, 1, 700)


def test_a_refused_request_is_found_by_its_id_and_by_its_events():
    store = Store()
    line = {"request_id": "req-1", "status": 401, "reason": "unknown_key", "event_ids": ["e1", "e2"]}
    for _ in range(2):  # the log is read with an overlap
        store.take_answer(line, NOW)
    for wanted in ("req-1", "e1", "e2"):
        (story,) = store.find(wanted)
        assert story.refusal == "unknown_key"
    (group,) = store.refusals.groups()
    assert (group.count, group.subject.stage) == (1, "request")
    store.take_raw("shard-0", "1", NOW + 5, raw("e2"))
    assert store.find("e2")[0].refusal is None, "sent again with the right key"


def test_money_has_a_currency_and_bots_have_none():
    store = Store()
    for number, (currency, is_bot) in enumerate(
        [("BRL", False), ("USD", False), ("BRL", True), ("BRL", False)]
    ):
        line = columns(f"e{number}", currency=currency, is_bot=is_bot, value="19.90")
        store.take_enriched("shard-0", str(number), NOW, line | {"event_name": "purchase"})
    amounts = {currency: str(amount) for currency, amount in store.money["2026-11-21"].items()}
    assert amounts == {"BRL": "39.80", "USD": "19.90"}


def test_who_is_here_now():
    store = Store()
    store.take_enriched(
        "shard-0", "1", NOW - 3_600_000, columns("old") | {"visitor_id": "v0", "session_id": "s0"}
    )
    store.take_enriched("shard-0", "2", NOW, columns("e1"))
    store.take_enriched("shard-0", "3", NOW, columns("e2", is_bot=True) | {"visitor_id": "bot"})
    assert store.open_now(NOW, 30 * 60_000) == (1, 1)
