"""The extras, each a file of its own beside the tracker."""

import time

from tests.storefront.engines import Browser
from tests.storefront.shop_server import VERSION, Shop, serve


def extra(name: str, more: str = "") -> str:
    return f'<script src="/r/rastro-{name}-{VERSION}.js" {more}></script>'


def test_debug_says_in_plain_words_what_became_of_each_event(browser: Browser, shop: Shop):
    log = (
        "<script>window.said=[];for(const kind of ['info','warn'])"
        "{const old=console[kind];console[kind]=(...all)=>{said.push(String(all[0]));old(...all)}}</script>"
    )
    shop.tag = log + shop.script()
    tab = browser.tab()
    tab.open(shop.url + "/a?rastro_debug=1")
    time.sleep(1)
    tab.run("(rastro('fine', {n: 1}), rastro('big', {t: 'x'.repeat(66000)}), rastro('flush'))")
    shop.wait(lambda: "fine" in shop.names())
    shop.wait(lambda: "big refused" in "".join(tab.run("said")), seconds=60)
    shop.fault = lambda events: "503"
    tab.run("(rastro('later'), rastro('flush'))")
    shop.wait(lambda: "not taken" in "".join(tab.run("said")), seconds=60)
    said = "\n".join(tab.run("said"))
    assert "rastro: fine happened" in said
    assert "rastro: fine is stored" in said
    assert "rastro: big refused (event_too_large)" in said, said
    assert "503, 1 events not taken" in said
    shop.tag = log + shop.script(debug="off")
    tab.open(shop.url + "/b?rastro_debug=1")
    time.sleep(1)
    assert tab.run("said") == []


def test_engagement(browser: Browser, shop: Shop):
    shop.page = "<div style='height:4000px'></div>"
    shop.tag = shop.script() + extra("engagement")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    time.sleep(0.8)
    tab.run("(scrollTo(0, 99999), new Promise(done => setTimeout(done, 500)))")
    tab.run("history.pushState(0, '', '/b')")
    shop.wait(lambda: "scroll" in shop.names() or tab.run("document.visibilityState") == "hidden")
    if tab.run("document.visibilityState") == "hidden":
        return  # WebKitGTK's tabs are never in front here, and nobody looks at a hidden page
    shop.wait(lambda: "page_engagement" in shop.names())
    engagement = next(event for event in shop.events() if event["event"] == "page_engagement")
    assert 500 < engagement["properties"]["engagement_time_msec"] < 20_000
    assert engagement["properties"]["percent_scrolled"] == 100
    assert engagement["page"]["url"] == f"{shop.url}/a"
    marks = [e["properties"]["percent_scrolled"] for e in shop.events() if e["event"] == "scroll"]
    assert marks == [25, 50, 75, 90]


def test_hints_once_a_tab(chromium: Browser, shop: Shop):
    shop.tag = shop.script() + extra("hints")
    tab = chromium.tab()
    tab.open(shop.url + "/a")
    time.sleep(0.3)
    tab.run("(rastro('test_event'), rastro('flush'))")
    shop.wait(lambda: "test_event" in shop.names())
    tab.open(shop.url + "/b")
    time.sleep(0.3)
    tab.run("(rastro('other_event'), rastro('flush'))")
    shop.wait(lambda: "other_event" in shop.names())
    with_hints = [event["event"] for event in shop.events() if "client_hints" in event["properties"]]
    assert len(with_hints) == 1
    hints = next(e["properties"]["client_hints"] for e in shop.events() if "client_hints" in e["properties"])
    assert hints["platform"] == "Linux"
    assert hints["fullVersionList"]


def test_vitals(chromium: Browser, shop: Shop):
    shop.page = "<h1>Loja</h1>"
    shop.tag = shop.script() + extra("vitals")
    tab = chromium.tab()
    tab.open(shop.url + "/a")
    time.sleep(0.5)
    tab.open(shop.url + "/b")

    def metrics() -> set[str]:
        return {e["properties"]["metric"] for e in shop.events() if e["event"] == "web_vital"}

    shop.wait(lambda: {"TTFB", "FCP", "LCP", "CLS"} <= metrics())


def test_the_visitor_goes_from_domain_to_domain(browser: Browser):
    with serve(origins=3) as shop:
        first, second, stranger = shop.origins
        hosts = " ".join(origin.split("//")[1].split(":")[0] for origin in (first, second))
        shop.tag = extra("domains", f'data-domains="{hosts}"') + shop.script()
        shop.page = f'<a id="ours" href="{second}/arrived?a=1#x">ours</a><a id="other" href="{stranger}/away">other</a>'
        tab = browser.tab()
        tab.open(first + "/start")
        shop.wait(lambda: "page_view" in shop.names())
        visitor = tab.run("document.cookie").split("=")[1]
        tab.run("(setTimeout(() => document.querySelector('#ours').click()), 1)")
        shop.wait(lambda: shop.names().count("page_view") == 2)
        assert tab.run("location.href") == f"{second}/arrived?a=1#x"
        assert {event["visitor_id"] for event in shop.events()} == {visitor}
        assert tab.run("document.cookie") == f"_rv={visitor}"
        tab.run(
            "document.querySelector('#other').dispatchEvent(new MouseEvent('mousedown', {bubbles: true}))"
        )
        assert tab.run("document.querySelector('#other').href") == f"{stranger}/away"
        tab.open(f"{stranger}/shared?_rl=somebody.{tab.run('Math.floor(Date.now() / 1000).toString(36)')}")
        time.sleep(0.5)
        assert "somebody" not in tab.run("document.cookie"), "a link by itself hands out no id"


def test_a_consent_manager_of_tcf(browser: Browser, shop: Shop):
    manager = (
        "<script>window.__tcfapi=(command,version,heard)=>{window.say=purposes=>heard("
        "{eventStatus:'useractioncomplete',gdprApplies:true,purpose:{consents:purposes}},true)}</script>"
    )
    shop.tag = manager + shop.script(consent="required") + extra("tcf")
    tab = browser.tab()
    tab.open(shop.url + "/a")
    time.sleep(0.5)
    assert shop.requests == []
    tab.run("(say({1: true, 8: true}), rastro('flush'))")
    shop.wait(lambda: "page_view" in shop.names())
    assert shop.events()[0]["consent"] == {"analytics": True, "ads": False}


def test_an_extra_alone_harms_nothing(browser: Browser, shop: Shop):
    names = ("debug", "engagement", "hints", "vitals", "tcf", "domains", "ga4")
    shop.tag = "<script>window.errors=[];onerror=e=>errors.push(e)</script>" + "".join(
        extra(name) for name in names
    )
    tab = browser.tab()
    tab.open(shop.url + "/a")
    time.sleep(0.5)
    assert tab.run("errors") == []
