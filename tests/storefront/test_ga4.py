"""The duplicator: hits as gtag sends them, by each of the browser's ways, arrive here too, whatever the network."""

import time

from tests.ingest_lambda.doubles import KEY
from tests.storefront.engines import Browser
from tests.storefront.shop_server import VERSION, Shop

GOOGLE = "http://127.0.0.1:9/g/collect"  # nobody listens there: Google's own answer does not matter
QUERY = "v=2&tid=G-TEST&cid=1.2&sid=1795296000&ul=pt-br&dl=https%3A%2F%2Floja.example%2F&dt=Loja"


def tag(shop: Shop) -> str:
    # The key is in the URL that the duplicator is given, as a site without an alias would do.
    return f'<script src="/r/rastro-ga4-{VERSION}.js" data-url="{shop.events_url}" data-key="{KEY}"></script>'


def test_every_way_of_sending(browser: Browser, shop: Shop):
    shop.tag = tag(shop)
    tab = browser.tab()
    tab.open(shop.url + "/a")
    tab.run(f"navigator.sendBeacon('{GOOGLE}?{QUERY}&en=page_view&_s=1')")
    tab.run(
        f"fetch('{GOOGLE}?{QUERY}&_s=2', {{method: 'POST', body: 'en=scroll\\r\\nen=view_item&pr1=idSKU-1~nmVaso'}})"
        ".catch(() => 0)"
    )
    tab.run(
        f"(() => {{ const x = new XMLHttpRequest(); x.open('POST', '{GOOGLE}?{QUERY}&en=login&_s=3'); x.send() }})()"
    )
    shop.wait(lambda: {"page_view", "scroll", "view_item", "login"} <= set(shop.names()), seconds=15)
    assert shop.copies() == 0
    # What was answered is taken out by the page, a moment after the shop's server has it.
    shop.wait(lambda: tab.run("Object.keys(localStorage)") == [], seconds=15)


def test_an_outage(browser: Browser, shop: Shop):
    shop.tag = tag(shop)
    tab = browser.tab()
    tab.open(shop.url + "/a")
    shop.fault = lambda events: "drop"
    for number in range(5):
        tab.run(f"navigator.sendBeacon('{GOOGLE}?{QUERY}&en=event_{number}&_s={number}')")
    time.sleep(1)
    tab.open(shop.url + "/b")
    shop.fault = lambda events: None
    shop.wait(lambda: {f"event_{number}" for number in range(5)} <= set(shop.names()), seconds=20)


def test_the_pages_own_requests_are_as_before(browser: Browser, shop: Shop):
    shop.tag = tag(shop)
    tab = browser.tab()
    tab.open(shop.url + "/a")
    assert tab.run("fetch('/other').then(answer => answer.status)") == 200
    assert tab.run("fetch(new Request('/other')).then(answer => answer.status)") == 200
    assert tab.run("fetch('http://127.0.0.1:9/').catch(error => error.name)") == "TypeError"
    assert tab.run("(() => { try { new XMLHttpRequest().send() } catch (error) { return error.name } })()")
    assert shop.requests == []
