"""Nothing is stored or sent before consent where the site says so. In three engines."""

import pytest

from tests.storefront.engines import Browser, Tab
from tests.storefront.shop_server import Shop

LEFT = "[document.cookie, Object.keys(localStorage)]"
GTAG = "<script>window.dataLayer=[];function gtag(){dataLayer.push(arguments)}"
DENIED = "gtag('consent','default',{analytics_storage:'denied',ad_storage:'denied'});"


def opened(browser: Browser, shop: Shop, tag: str) -> Tab:
    shop.tag = tag
    tab = browser.tab()
    tab.open(shop.url + "/a")
    tab.run("(rastro('before', {n: 1}), new Promise(done => setTimeout(done, 1500)))")
    return tab


@pytest.mark.parametrize("how", ["setting", "google"])
def test_before_consent_nothing_and_after_it_everything(browser: Browser, shop: Shop, how: str):
    google = how == "google"
    tab = opened(
        browser,
        shop,
        GTAG + DENIED + "</script>" + shop.script() if google else shop.script(consent="required"),
    )
    assert shop.requests == []
    assert tab.run(LEFT) == ["", []]
    yes = "rastro('consent', {analytics: true, ads: false})"
    if google:
        yes = "gtag('consent','update',{analytics_storage:'granted'})"
    tab.run(f"({yes}, rastro('flush'))")
    shop.wait(lambda: "before" in shop.names())
    assert shop.names() == ["page_view", "before"]
    assert {event["visitor_id"] for event in shop.events()} == {tab.run("document.cookie").split("=")[1]}
    assert shop.events()[0]["consent"] == {"analytics": True, "ads": None if google else False}


def test_a_no_takes_away_what_was_there(browser: Browser, shop: Shop):
    tab = opened(browser, shop, shop.script(consent="required"))
    tab.run("(rastro('consent', {analytics: true}), rastro('user', 'customer-7'), rastro('flush'))")
    shop.wait(lambda: "before" in shop.names())
    shop.fault = lambda events: "503"
    tab.run("rastro('waiting')")
    tab.run("rastro('consent', {analytics: false})")
    assert tab.run(LEFT) == ["", []]
    shop.fault = lambda events: None
    tab.run("(rastro('after'), rastro('flush'), new Promise(done => setTimeout(done, 1500)))")
    assert "after" not in shop.names()


def test_a_returning_visitor_is_recognised_only_after_the_word(browser: Browser, shop: Shop):
    tab = opened(browser, shop, shop.script(consent="required"))
    tab.run("(rastro('consent', {analytics: true}), rastro('flush'))")
    shop.wait(lambda: "before" in shop.names())
    cookie = tab.run("document.cookie")
    tab.open(shop.url + "/b")
    assert tab.run("document.cookie") == cookie, "waiting for the word, nothing is taken away"
    tab.run("(rastro('consent', {analytics: true}), rastro('flush'))")
    shop.wait(lambda: shop.names().count("page_view") == 2)
    assert {event["visitor_id"] for event in shop.events()} == {cookie.split("=")[1]}


def test_cookieless_before_and_without_consent(browser: Browser, shop: Shop):
    tab = opened(browser, shop, shop.script(consent="cookieless"))
    tab.run("(rastro('user', 'customer-7'), rastro('test_event'), rastro('flush'))")
    shop.wait(lambda: "test_event" in shop.names())
    assert tab.run(LEFT) == ["", []]
    assert {(event["visitor_id"], event.get("user_id")) for event in shop.events()} == {(None, None)}
    tab.run("(rastro('consent', {analytics: true}), rastro('later'), rastro('flush'))")
    shop.wait(lambda: "later" in shop.names())
    assert shop.events()[-1]["visitor_id"]
    assert shop.events()[-1]["user_id"] == "customer-7"


def test_global_privacy_control_outweighs_a_yes_to_ads(browser: Browser, shop: Shop):
    signal = "<script>Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})</script>"
    tab = opened(browser, shop, signal + shop.script())
    tab.run("(rastro('consent', {analytics: true, ads: true}), rastro('test_event'), rastro('flush'))")
    shop.wait(lambda: "test_event" in shop.names())
    assert shop.events()[-1]["consent"] == {"analytics": True, "ads": False}


def test_the_customer_is_known_until_log_out_on_every_page(browser: Browser, shop: Shop):
    tab = opened(browser, shop, shop.script())
    tab.run("rastro('user', 'customer-7')")
    tab.open(shop.url + "/b")
    tab.run("(rastro('inside'), rastro('user', null), rastro('outside'), rastro('flush'))")
    shop.wait(lambda: "outside" in shop.names())
    who = {event["event"]: event.get("user_id") for event in shop.events()}
    assert who["inside"] == "customer-7"
    assert who["outside"] is None
