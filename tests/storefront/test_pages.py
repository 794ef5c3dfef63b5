"""What the tracker knows by itself of pages, in three engines."""

from typing import Any

from tests.ingest_lambda.doubles import KEY
from tests.storefront.engines import Browser, Tab
from tests.storefront.shop_server import Shop

SETTLED = "new Promise(done => setTimeout(done, 250))"
"""Longer than a view waits for its title."""


def views(shop: Shop) -> list[dict[str, Any]]:
    return [event for event in shop.events() if event["event"] == "page_view"]


def paths(shop: Shop) -> list[str]:
    return [event["page"]["url"].removeprefix(shop.url) for event in views(shop)]


def opened(browser: Browser, shop: Shop, path: str = "/a") -> Tab:
    tab = browser.tab()
    tab.open(shop.url + path)
    shop.wait(lambda: views(shop))
    return tab


def test_a_document_is_one_view_with_what_the_browser_knows(browser: Browser, shop: Shop):
    opened(browser, shop, "/a?utm_source=x#top")
    (event,) = shop.events()
    assert event["page"] == {"url": f"{shop.url}/a?utm_source=x#top", "title": "Loja /a", "referrer": ""}
    assert event["visitor_id"]
    assert event["screen"]["viewport_width"] > 0
    assert event["properties"]["time_zone"]
    assert event["consent"] == {"analytics": None, "ads": None}


def test_single_page_applications(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    tab.run(f"(history.pushState(0, '', '/b'), setTimeout(() => document.title = 'B', 20), {SETTLED})")
    tab.run(f"(history.replaceState(1, '', '/b?page=1'), history.pushState(2, '', '/b?page=1'), {SETTLED})")
    tab.run(f"(history.pushState(3, '', '/b?page=1'), location.hash = 'reviews', {SETTLED})")
    tab.run(f"(location.hash = '/route', {SETTLED})")
    tab.run(f"(history.go(-3), {SETTLED})")
    tab.run("rastro('flush')")
    shop.wait(lambda: len(paths(shop)) >= 5)
    assert paths(shop) == ["/a", "/b", "/b?page=1", "/b?page=1#/route", "/b?page=1"]
    assert views(shop)[1]["page"]["title"] == "B", "the title came later"
    assert views(shop)[1]["page"]["referrer"] == f"{shop.url}/a"


def test_a_view_comes_before_what_happens_on_its_page(browser: Browser, shop: Shop):
    tab = opened(browser, shop)
    tab.run(
        "(history.pushState(0, '', '/p/1'), rastro('view_item', {items: [{item_id: 'A', price: 5}]}), rastro('flush'))"
    )
    shop.wait(lambda: "view_item" in shop.names())
    assert shop.names() == ["page_view", "page_view", "view_item"]
    assert shop.events()[2]["ecommerce"] == {"items": [{"item_id": "A", "price": 5}]}


def test_googles_own_page_view_is_no_second_one(browser: Browser, shop: Shop):
    shop.tag = (
        "<script>window.dataLayer=[];function gtag(){dataLayer.push(arguments)};"
        "gtag('js',new Date());gtag('config','G-1');"
        "gtag('event','page_view',{page_type:'home'})</script>" + shop.script()
    )
    tab = opened(browser, shop)
    tab.run("(gtag('event', 'page_view'), rastro('test_event'), rastro('flush'))")
    shop.wait(lambda: "test_event" in shop.names())
    assert shop.names() == ["page_view", "test_event"]
    assert shop.events()[0]["properties"]["page_type"] == "home"


def test_back_and_forward(browser: Browser, shop: Shop):
    def once() -> list[str]:
        """The path of each view, in order, of its copies one: the consumer drops the others."""
        seen = {event["event_id"]: event["page"]["url"].removeprefix(shop.url) for event in views(shop)}
        return list(seen.values())

    tab = opened(browser, shop)
    tab.run("(window.mark = 1, addEventListener('pageshow', event => window.restored = event.persisted), 1)")
    stored = "Object.keys(localStorage).filter(name => name.startsWith('_rv.e')).length"
    shop.wait(lambda: tab.run(stored) == 0)  # no browser keeps a page whose request is not answered yet
    shop.fault = lambda events: "late"  # the page is left before its answer, so what it sent is sent again
    tab.open(shop.url + "/b")
    shop.wait(lambda: len(views(shop)) == 2)
    tab.run("setTimeout(() => history.back()) && 1")
    shop.wait(lambda: len(once()) == 3)
    assert tab.run("[window.mark, window.restored]") == [1, True], "the browser did keep the page"
    assert once() == ["/a", "/b", "/a"]
    assert len({event["event_id"] for event in views(shop)}) == 3
    assert shop.copies() >= 1


def test_views_by_command_only(browser: Browser, shop: Shop):
    shop.tag = shop.script(auto="off")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    tab.run("(history.pushState(0, '', '/b'), rastro('page_view', {page_title: 'por mim'}), rastro('flush'))")
    shop.wait(shop.events)
    assert [event["page"]["title"] for event in shop.events()] == ["por mim"]


def test_a_prerendered_page_is_seen_when_it_is_shown(chromium: Browser, shop: Shop):
    rules = (
        '<script type="speculationrules">{"prerender":[{"urls":["/next"],"eagerness":"immediate"}]}</script>'
    )
    shop.page = rules + '<a href="/next">next</a>'
    shop.pages["/next"] = (
        "<!doctype html><title>next</title><script>window.prerendered=document.prerendering</script>"
        + shop.script()
    )
    tab = opened(chromium, shop)
    tab.run("new Promise(done => setTimeout(done, 2500))")
    assert paths(shop) == ["/a"]
    tab.run("setTimeout(() => document.querySelector('a').click()) && 1")
    shop.wait(lambda: len(paths(shop)) == 2)
    shown = chromium.current_tab()  # another target replaced the tab
    assert shown.run("window.prerendered") is True, "the browser did prerender"
    assert paths(shop) == ["/a", "/next"]


def test_the_module_does_the_same(browser: Browser, shop: Shop):
    shop.tag = (
        "<script type=module>import {rastro, start} from '/r/rastro.mjs';"
        f"start({{key: '{KEY}', url: '{shop.events_url}/v1/events'}}); rastro('test_event')</script>"
    )
    browser.tab().open(shop.url + "/m")
    shop.wait(lambda: "test_event" in shop.names())
    assert shop.names() == ["page_view", "test_event"]
