"""What a page sends when it may end: at once, by the request that the engine keeps alive. In three engines."""

import pytest

from tests.storefront.engines import Browser
from tests.storefront.shop_server import Shop

RECORD = """<script>
const original = window.fetch, alive = [];
window.fetch = (url, given) => (alive.push(given.keepalive), original(url, given));
</script>"""
NO_KEEPALIVE = "<script>delete Request.prototype.keepalive</script>"
HIDE = """(Object.defineProperty(document, 'hidden', {get: () => true, configurable: true}),
  rastro('hiding'), document.dispatchEvent(new Event('visibilitychange')), 1)"""


def test_a_page_that_is_hidden_sends_at_once_and_once(browser: Browser, shop: Shop):
    shop.tag = RECORD + shop.script(auto="off")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    assert tab.run(f"({HIDE}, alive)") == [True], "in the same task, and not a second later"
    shop.wait(lambda: shop.names() == ["hiding"])
    tab.run("(dispatchEvent(new Event('pagehide')), new Promise(done => setTimeout(done, 1500)))")
    assert shop.names() == ["hiding"]


@pytest.mark.parametrize("old", [False, True])
def test_a_page_that_ends_uses_a_beacon_where_that_is_safer(browser: Browser, shop: Shop, old: bool):
    """Safari loses kept-alive requests of a page that ends; browsers without `keepalive` have none."""
    shop.tag = NO_KEEPALIVE * old + shop.script(auto="off")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    tab.run("(setTimeout(() => { rastro('leaving'); location.href = '/b' }), 1)")
    shop.wait(lambda: "leaving" in shop.names())
    assert shop.modes[0] == ("no-cors" if old or browser.name == "webkit" else "cors")


def test_the_visitors_cookie_follows_the_shops_rules(chromium: Browser, shop: Shop):
    """Name, age and an id that the shop's server set; of one that is longer its beginning."""
    shop.tag = shop.script(cookie="_loja", visitor_days="2", auto="off")
    tab = chromium.tab()
    tab.open(shop.url + "/a")
    tab.run(f"(document.cookie = '_loja={'v' * 128}', rastro('first'), rastro('flush'))")
    shop.wait(lambda: "first" in shop.names())
    assert shop.events()[0]["visitor_id"] == "v" * 128
    days = tab.run("cookieStore.get('_loja').then(one => (one.expires - Date.now()) / 864e5)")
    assert 1.9 < days <= 2
    tab.run(f"(document.cookie = '_loja={'w' * 129};path=/', 1)")
    tab.open(shop.url + "/b")
    tab.run("(rastro('second'), rastro('flush'))")
    shop.wait(lambda: "second" in shop.names())
    assert shop.events()[-1]["visitor_id"] == "w" * 128
    assert tab.run("document.cookie") == f"_loja={'w' * 128}"
