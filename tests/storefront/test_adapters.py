"""The adapters of shop platforms on the event shapes of their documentation."""

import json
from typing import Any

import pytest

from tests.storefront.engines import Browser, Tab
from tests.storefront.shapes import NUVEMSHOP, SHOPIFY, VTEX, WOOCOMMERCE
from tests.storefront.shop_server import VERSION, Shop

STUB = """<script>
window.calls = []; window.rastro = (...given) => calls.push(given); window.errors = [];
addEventListener('error', event => errors.push(event.message));
window.subscribed = {}; window.wp = {hooks: {addAction: (name, who, work) => { subscribed[name] = work }}};
</script>"""


def page(browser: Browser, shop: Shop, adapter: str) -> Tab:
    shop.pages["/adapter"] = f'<!doctype html>{STUB}<script src="/r/rastro-{adapter}-{VERSION}.js"></script>'
    tab = browser.tab()
    tab.open(shop.url + "/adapter")
    return tab


def ran(tab: Tab, code: str) -> list[Any]:
    """The calls of the tracker that the code caused."""
    tab.run(f"(calls.length = 0, {code}, new Promise(done => setTimeout(done, 30)))")
    assert tab.run("errors") == []
    return tab.run("calls")


def rounded(calls: list[Any]) -> list[Any]:
    """Sums of prices carry the errors of floating point."""
    return json.loads(json.dumps(calls), parse_float=lambda text: round(float(text), 6))


def test_vtex(chromium: Browser, shop: Shop):
    tab = page(chromium, shop, "vtex")
    for event, command in VTEX:
        calls = ran(tab, f"postMessage({json.dumps(event)}, location.origin)")
        assert rounded(calls) == ([command] if command else [])
    frame = "document.body.appendChild(Object.assign(document.createElement('iframe'),"
    frame += " {srcdoc: `<script>%s</script>`}))"
    stranger = "parent.postMessage({eventName: 'vtex:userData', isAuthenticated: true, id: 'x'}, '*')"
    code = frame.replace("srcdoc", "sandbox: 'allow-scripts', srcdoc") % stranger
    assert ran(tab, f"{code}, await new Promise(done => setTimeout(done, 300))") == []


@pytest.mark.parametrize("number", range(len(SHOPIFY)))
def test_shopify(chromium: Browser, shop: Shop, number: int):
    name, data, command = SHOPIFY[number]
    tab = page(chromium, shop, "shopify")
    tab.run("rastroShopify({subscribe: (name, work) => { subscribed[name] = work }})")
    document = {
        "location": {"href": "https://loja.example/p"},
        "title": "Caneca",
        "referrer": "https://x.example/",
    }
    event = {
        "id": "sh-1",
        "name": name,
        "clientId": "client-1",
        "data": data,
        "context": {"document": document},
    }
    calls = rounded(ran(tab, f"subscribed[{json.dumps(name)}]({json.dumps(event)})"))
    assert calls == [["visitor", "client-1"], *([command] if command else [])]


@pytest.mark.parametrize("where", ["page", "worker"])
def test_nuvemshop(chromium: Browser, shop: Shop, where: str):
    tab = page(chromium, shop, "nuvemshop")
    if where == "worker":
        tab.run("(window.host = window.rastro, delete window.rastro, 1)")
    tab.run(
        "rastroNuvemshop({on: (name, work) => { subscribed[name] = work },"
        " api: {getAnalytics: () => ({event: (name, data, {target}) => target === 'rastro' && host(name, data)})}})"
    )
    for name, state, command in NUVEMSHOP:
        calls = ran(tab, f"subscribed[{json.dumps(name)}]({json.dumps(state)}, {json.dumps(name)})")
        assert rounded(calls) == ([command] if command else []), name


def test_woocommerce(chromium: Browser, shop: Shop):
    tab = page(chromium, shop, "woocommerce")
    for name, data, command in WOOCOMMERCE:
        code = f"subscribed['experimental__woocommerce_blocks-{name}']({json.dumps(data)})"
        assert rounded(ran(tab, code)) == ([command] if command else []), name


@pytest.mark.parametrize("adapter", ["vtex", "shopify", "nuvemshop", "woocommerce"])
def test_an_adapter_where_its_platform_is_not(chromium: Browser, shop: Shop, adapter: str):
    shop.pages["/bare"] = (
        "<script>window.errors=[];onerror=e=>errors.push(e)</script>"
        f'<script src="/r/rastro-{adapter}-{VERSION}.js"></script>'
    )
    tab = chromium.tab()
    tab.open(shop.url + "/bare")
    assert tab.run("errors") == []
