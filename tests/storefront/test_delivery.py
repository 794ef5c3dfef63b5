"""Store first, send after: nothing is lost or sent without need, drops are counted. In three engines."""

import json
import time
from typing import Any

import pytest

from tests.storefront.engines import Browser, Tab
from tests.storefront.shop_server import Shop
from tests.storefront.walk import FILL, FREE

STORED = """(() => {
  try { return Object.keys(localStorage).filter(name => name.startsWith('_rv.e')) } catch { return [] }
})()"""
FORBIDDEN = (
    "<script>Object.defineProperty(window, 'localStorage',"
    " {get() { throw new DOMException('no', 'SecurityError') }})</script>"
)


def opened(browser: Browser, shop: Shop, path: str = "/a") -> Tab:
    tab = browser.tab()
    tab.open(shop.url + path)
    shop.wait(lambda: "page_view" in shop.names())
    shop.wait(lambda: len(tab.run(STORED)) == 0)  # the answer was read, too
    return tab


def fire(tab: Tab, count: int, name: str = "test_event", more: str = "") -> None:
    tab.run(f"(() => {{ for (let n = 1; n <= {count}; n++) rastro('{name}', {{n{more}}}) }})()")


def numbers(shop: Shop, name: str = "test_event") -> list[int]:
    """In the order of the first copies."""
    return list(dict.fromkeys(event["properties"]["n"] for event in shop.events() if event["event"] == name))


def test_many_are_sent_at_once_and_few_after_a_second(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    before = time.monotonic()
    fire(tab, 10)
    shop.wait(lambda: len(numbers(shop)) == 10)
    assert len(shop.requests) <= 4
    assert time.monotonic() - before < 5
    assert shop.copies() == 0
    assert tab.run(f"new Promise(done => setTimeout(() => done({STORED}), 300))") == []


def test_a_lost_answer_is_repeated_with_the_same_ids(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    swallowed: list[bool] = []

    def once(events: list[dict[str, Any]]) -> str | None:
        swallowed.append(not swallowed)
        return "swallow" if swallowed[-1] else None

    shop.fault = once
    fire(tab, 3)
    shop.wait(lambda: shop.copies() == 3)
    assert numbers(shop) == [1, 2, 3]
    shop.wait(lambda: tab.run(STORED) == [])


def test_a_pause_that_the_server_asks_for_is_kept_by_every_tab(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    shop.fault, shop.retry_after = (lambda events: "503"), 4
    fire(tab, 10)
    shop.wait(lambda: [r for r in shop.requests if r[1] == "503"])
    shop.fault = lambda events: None
    other = browser.tab()
    other.open(shop.url + "/b")
    shop.wait(lambda: len(numbers(shop)) == 10, seconds=15)
    refused = next(r[0] for r in shop.requests if r[1] == "503")
    after = [r[0] - refused for r in shop.requests if r[0] > refused and r[1] is None]
    assert min(after) > 3.5
    assert shop.copies() == 0


def leaving_page(shop: Shop, then: str, more: str = "") -> str:
    """A page that makes event 13 and goes on in the same task, before anything was sent."""
    tag = shop.tag.replace("async ", "")
    return f"<!doctype html>{tag}<script>rastro('test_event', {{n: 13{more}}}); location.href = '{then}'</script>"


@pytest.mark.parametrize("size", [0, 9000])
def test_a_page_that_ends_lets_older_ones_go_first(browser: Browser, shop: Shop, size: int):
    """What an outage left comes first; what finds no room in such a request comes later, by the next page."""
    shop.tag = shop.script(auto="off")
    more = f", text: 'x'.repeat({size})"
    shop.pages["/ends"] = leaving_page(shop, "/next", more)
    tab = browser.tab()
    tab.open(shop.url + "/a")
    shop.fault = lambda events: "503"
    fire(tab, 12, more=more)
    shop.wait(lambda: shop.requests)
    tab.run("new Promise(done => setTimeout(done, 500))")
    assert len(tab.run(STORED)) == 12
    shop.fault = lambda events: None
    tab.run("(localStorage.removeItem('_rv.w'), setTimeout(() => location.href = '/ends'), 1)")
    shop.wait(lambda: len(numbers(shop)) == 13, seconds=20)
    assert numbers(shop) == list(range(1, 14))


def test_a_page_that_ends_passes_nothing_that_is_on_its_way(browser: Browser, shop: Shop):
    shop.tag = shop.script(auto="off")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    slow = iter(["slow"])
    shop.fault = lambda events: next(slow, None)
    fire(tab, 2)
    tab.run("rastro('flush')")
    shop.wait(lambda: shop.requests)
    assert numbers(shop) == [], "its answer takes two seconds"
    tab.run("(setTimeout(() => { rastro('test_event', {n: 3}); location.href = '/b' }), 1)")
    shop.wait(lambda: len(numbers(shop)) == 3)
    assert numbers(shop) == [1, 2, 3]


def test_batches_that_are_too_large_are_halved(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    shop.fault = lambda events: "413" if len(events) > 3 else None
    fire(tab, 20)
    shop.wait(lambda: len(numbers(shop)) == 20)
    assert numbers(shop) == list(range(1, 21))
    assert shop.copies() == 0


def test_one_that_no_repetition_mends_is_counted_and_lets_the_others_pass(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    shop.fault = lambda events: "413" if any(event["properties"].get("n") == 5 for event in events) else None
    fire(tab, 9)
    shop.wait(lambda: "events_dropped" in shop.names(), seconds=15)
    assert numbers(shop) == [1, 2, 3, 4, 6, 7, 8, 9]
    assert [e["properties"]["count"] for e in shop.events() if e["event"] == "events_dropped"] == [1]


def test_what_has_no_room_is_counted_and_the_count_arrives(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    shop.fault = lambda events: "503"
    fire(tab, 250)
    assert len(tab.run(STORED)) == 200
    shop.fault = lambda events: None
    shop.wait(lambda: "events_dropped" in shop.names(), seconds=15)
    shop.wait(lambda: len(numbers(shop)) == 200, seconds=15)
    lost = sum(e["properties"]["count"] for e in shop.events() if e["event"] == "events_dropped")
    assert lost == 50
    tab.run("(dispatchEvent(new Event('online')), rastro('test_event', {n: 0}), rastro('flush'))")
    shop.wait(lambda: 0 in numbers(shop))
    assert sum(e["properties"]["count"] for e in shop.events() if e["event"] == "events_dropped") == 50, (
        "reported once"
    )


def test_large_events_take_no_more_than_their_share_of_the_shops_storage(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    shop.fault = lambda events: "503"
    fire(tab, 30, more=", text: 'á'.repeat(20000)")
    taken = tab.run(
        "Object.entries(localStorage).reduce((sum, [name, text]) => sum + name.length + text.length, 0)"
    )
    assert taken < 200_000 + 10_000
    shop.fault = lambda events: None
    shop.wait(lambda: numbers(shop) == list(range(1, 10)), seconds=20)
    shop.wait(lambda: "events_dropped" in shop.names())


def test_tabs_that_are_opened_at_once_send_everything_once(browser: Browser, shop: Shop):
    tabs = [browser.tab() for _ in range(4)]
    for number, tab in enumerate(tabs):
        tab.open(f"{shop.url}/{number}")
        fire(tab, 5, f"tab_{number}")
    for _ in range(3):
        for number, tab in enumerate(tabs):
            fire(tab, 1, f"more_{number}")
    shop.wait(lambda: len(shop.different()) == 4 * 6 + 4 * 3, seconds=20)
    assert len({event["visitor_id"] for event in shop.events()}) == 1
    for number in range(4):
        assert numbers(shop, f"tab_{number}") == [1, 2, 3, 4, 5]


def test_forbidden_storage_loses_nothing_while_the_page_is_there(browser: Browser, shop: Shop):
    shop.page, shop.tag = "", FORBIDDEN + shop.script()
    tab = opened(browser, shop)
    shop.fault = lambda events: "drop"
    fire(tab, 12)
    time.sleep(1.5)
    shop.fault = lambda events: None
    shop.wait(lambda: len(numbers(shop)) == 12, seconds=15)
    assert numbers(shop) == list(range(1, 13))


def test_what_forbidden_storage_drops_is_counted(browser: Browser, shop: Shop):
    shop.page, shop.tag = "", FORBIDDEN + shop.script(auto="off")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    shop.fault = lambda events: "drop"
    fire(tab, 250)
    shop.fault = lambda events: None
    shop.wait(lambda: len(numbers(shop)) == 200, seconds=20)
    shop.wait(lambda: "events_dropped" in shop.names(), seconds=20)
    assert [e["properties"]["count"] for e in shop.events() if e["event"] == "events_dropped"] == [50]


def test_drops_are_reported_when_the_report_can_be_stored(browser: Browser, shop: Shop):
    """Before that its page may end before it is acknowledged, and with it 30 dropped events would be forgotten."""
    shop.tag = shop.script(auto="off")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    tab.run(FILL)
    tab.open(shop.url + "/full")  # it counts in one of the slots made beforehand
    shop.fault = lambda events: "drop"
    fire(tab, 30)
    time.sleep(0.5)
    shop.fault = lambda events: None if [event["event"] for event in events] == ["probe"] else "drop"
    tab.open(shop.url + "/b")
    tab.run("rastro('probe')")
    shop.wait(lambda: "probe" in shop.names(), seconds=20)
    time.sleep(1.5)
    assert "events_dropped" not in shop.names()
    tab.open(shop.url + "/c")
    tab.run(FREE)
    shop.fault = lambda events: None
    fire(tab, 1, "later")
    shop.wait(lambda: "events_dropped" in shop.names(), seconds=20)
    assert sum(e["properties"]["count"] for e in shop.events() if e["event"] == "events_dropped") >= 30


def test_a_full_storage_loses_nothing_without_counting_it(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    tab.run("""(() => { let size = 1 << 22; for (let n = 0; size >= 1; ) {
        try { localStorage['shop' + n] = 'x'.repeat(size); n++ } catch { size >>= 1 } } })()""")
    shop.fault = lambda events: "drop"
    fire(tab, 4)
    time.sleep(0.5)
    tab.open(shop.url + "/b")
    tab.run(
        "Object.keys(localStorage).forEach(name => name.startsWith('shop') && localStorage.removeItem(name))"
    )
    shop.fault = lambda events: None
    fire(tab, 1, "later")
    shop.wait(lambda: "events_dropped" in shop.names(), seconds=20)
    lost = sum(e["properties"]["count"] for e in shop.events() if e["event"] == "events_dropped")
    assert lost >= 4 - len(numbers(shop))
    assert lost <= 5, "the page view of the first page had its answer"


def test_a_clock_that_is_set_back_changes_no_order(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    shop.fault = lambda events: "503"
    fire(tab, 2, "before")
    tab.run("(() => { const now = Date.now; Date.now = () => now() - 3600e3 })()")
    fire(tab, 2, "after")
    tab.open(shop.url + "/b")
    shop.fault = lambda events: None
    shop.wait(lambda: {"before", "after"} <= set(shop.names()), seconds=20)
    order = [name for name in dict.fromkeys(shop.names()) if name != "page_view"]
    assert order == ["before", "after"]


def test_without_locks_tabs_still_take_turns(browser: Browser, shop: Shop):
    shop.tag = "<script>delete Navigator.prototype.locks</script>" + shop.script()
    tabs = [browser.tab() for _ in range(3)]
    for number, tab in enumerate(tabs):
        tab.open(f"{shop.url}/{number}")
        assert tab.run("typeof navigator.locks") == "undefined"
        fire(tab, 12, f"tab_{number}")
    shop.wait(lambda: len(shop.different()) == 3 * 13, seconds=30)
    shop.wait(lambda: tabs[0].run(STORED) == [])
    shop.wait(lambda: tabs[0].run("localStorage['_rv.l'] || null") is None)


def test_an_answer_is_read_so_that_the_browsers_budget_is_free_again(chromium: Browser, shop: Shop):
    tab = opened(chromium, shop)
    for _ in range(4):
        fire(tab, 2, more=", text: 'x'.repeat(25000)")
        tab.run("(rastro('flush'), new Promise(done => setTimeout(done, 300)))")
    shop.wait(lambda: len(shop.different()) == 9)
    assert shop.copies() == 0
    assert {fault for _, fault, _ in shop.requests} == {None}
    tab.run(
        "fetch(location.href, {method: 'POST', body: 'x'.repeat(60000), keepalive: true}).then(r => r.text())"
    )


def test_storage_of_the_tab_alone(browser: Browser, shop: Shop):
    shop.tag = shop.script(store="session")
    tab = opened(browser, shop)
    shop.fault = lambda events: "503"
    fire(tab, 2)
    assert tab.run("Object.keys(localStorage)") == []
    assert len(tab.run("Object.keys(sessionStorage).filter(name => name.startsWith('_rv.e'))")) == 2


@pytest.mark.parametrize("status", ["503", "429", "drop"])
def test_a_dead_server_gets_few_requests(chromium: Browser, shop: Shop, status: str):
    tab = opened(chromium, shop)
    before = len(shop.requests)
    shop.fault, shop.retry_after = (lambda events: status), 0
    for _ in range(10):
        fire(tab, 10)
        time.sleep(0.3)
    assert len(shop.requests) - before <= 6
    assert json.dumps(numbers(shop)) == "[]"
