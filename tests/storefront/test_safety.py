"""Errors of the tracker never reach the shop's page. In three engines."""

import pytest

from tests.storefront.engines import Browser
from tests.storefront.shop_server import Shop

WATCH = (
    "<script>window.seen=[];addEventListener('error',e=>seen.push(String(e.message)));"
    "addEventListener('unhandledrejection',e=>seen.push(String(e.reason)))</script>"
)
BROKEN = {
    "no fetch": "delete window.fetch; Object.defineProperty(window, 'fetch', {value: undefined})",
    "no storage": "Object.defineProperty(window, 'localStorage', {get() { throw new Error('storage') }})",
    "no chance": "crypto.getRandomValues = () => { throw new Error('chance') }",
    "no cookies": "Object.defineProperty(document, 'cookie',"
    " {get() { throw new Error('cookie') }, set() { throw new Error('cookie') }})",
    "no locks": "Object.defineProperty(navigator, 'locks', {value: {request() { throw new Error('locks') }}})",
    "a layer that is none": "window.dataLayer = {push: 1}",
    "a layer with holes": "window.dataLayer = [null, undefined, 3, 'x', [], {}, {event: 7}, {event: {}}]",
    "a frozen layer": "window.dataLayer = Object.freeze([{event: 'x'}])",
    "no time zones": "Intl.DateTimeFormat = () => { throw new Error('zone') }",
    "a prototype with more": "Object.prototype.extra = 1; Array.prototype.extra = 2",
}
CALLS = """(() => {
  const circular = {}; circular.self = circular;
  const trap = {get a() { throw new Error('trap') }};
  for (const given of [[], [null], [undefined, 1], ['Bad Name'], ['event'], ['event', null], ['event', 5],
    ['x', circular], ['x', trap], ['x', {n: 10n}], ['x', Symbol('s')], ['consent'], ['consent', 5],
    ['user', circular], ['visitor', null], ['on', 5], ['flush', 1],
    ['constructor'], ['__proto__'], ['config', null], ['set'], [circular], [() => 0], ['event', {event: circular}],
    ['test_event', 'text']])
    rastro(...given);
  try { dataLayer.push(circular, null, 5) } catch { /* the page's own */ }
  history.pushState({}, '', '/other');
  return new Promise(done => setTimeout(() => done(window.seen), 700));
})()"""


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_page_hears_nothing_of_us(browser: Browser, shop: Shop, what: str):
    shop.tag = f"{WATCH}<script>try {{ {BROKEN[what]} }} catch (e) {{ }}</script>" + shop.script()
    tab = browser.tab()
    tab.open(shop.url + "/a")
    ours = [text for text in tab.run(CALLS) if "undefined" not in text or "fetch" in text]
    assert ours == []


def test_strange_calls_do_no_harm_to_the_next_ones(browser: Browser, shop: Shop):
    shop.tag = WATCH + shop.script()
    tab = browser.tab()
    tab.open(shop.url + "/a")
    assert tab.run(CALLS) == []
    tab.run(
        "(rastro('on', () => { throw new Error('listener') }), rastro('last_event', {n: 1}), rastro('flush'))"
    )
    shop.wait(lambda: "last_event" in shop.names())


def test_the_pages_own_errors_stay_its_own(browser: Browser, shop: Shop):
    tab = browser.tab()
    tab.open(shop.url + "/a")
    said = tab.run("(() => { try { history.pushState({f() {}}, '', '/b') } catch (e) { return e.name } })()")
    assert said == "DataCloneError"


def test_a_listener_may_change_and_refuse_events(browser: Browser, shop: Shop):
    tab = browser.tab()
    tab.open(shop.url + "/a")
    tab.run(
        "(rastro('on', (kind, event) => { if (kind === 'event') { event.properties.seen = true;"
        " return event.event !== 'secret' } }),"
        " rastro('secret'), rastro('public'), rastro('flush'))"
    )
    shop.wait(lambda: "public" in shop.names())
    assert "secret" not in shop.names()
    assert shop.events()[-1]["properties"]["seen"] is True


def test_the_tag_twice_is_the_tag_once(browser: Browser, shop: Shop):
    shop.tag = shop.script() + shop.script()
    tab = browser.tab()
    tab.open(shop.url + "/a")
    tab.run("(rastro('test_event'), rastro('flush'))")
    shop.wait(lambda: "test_event" in shop.names())
    tab.run("new Promise(done => setTimeout(done, 1200))")
    assert sorted(shop.names()) == ["page_view", "test_event"]
