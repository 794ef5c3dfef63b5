"""The tag of docs/storefront.md with its hash and its content security policy: the script comes from the API's host."""

import json

from tests.storefront.engines import Browser
from tests.storefront.shop_server import DIST, FROM_THE_API, KEY, VERSION, Shop

NAME = f"rastro-{VERSION}.js"
HASH = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))["files"][NAME]["integrity"]
TOLD = (
    "<script>window.refused=[];addEventListener('securitypolicyviolation',"
    "e=>refused.push(e.effectiveDirective));addEventListener('error',e=>refused.push('load'),true)</script>"
)


def page(shop: Shop, integrity: str, policy: str) -> str:
    """A page of the shop with the policy; its only own script notes what is refused."""
    tag = (
        f'<script async crossorigin src="{shop.events_url}{FROM_THE_API}{NAME}" integrity="{integrity}"'
        f' data-key="{KEY}"></script>'
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return f'<!doctype html><meta charset="utf-8"><title>Loja</title>{TOLD}{meta}{tag}<h1>Loja</h1>'


def test_the_script_of_another_host_runs_with_its_hash_under_the_pages_policy(
    browser: Browser, shop: Shop
) -> None:
    """Events go to the script's host without a further word."""
    policy = f"script-src {shop.events_url}; connect-src {shop.events_url}"
    shop.pages["/a"] = page(shop, HASH, policy)
    tab = browser.tab()
    tab.open(shop.url + "/a")
    shop.wait(lambda: "page_view" in shop.names(), 30)
    assert tab.run("refused") == []


def test_another_hash_and_a_narrower_policy_are_refused(browser: Browser, shop: Shop) -> None:
    """So what is asserted above is enforced by the browser."""
    policy = f"script-src {shop.events_url}; connect-src {shop.events_url}"
    shop.pages["/a"] = page(shop, HASH[:-4] + "AAAA", policy)
    shop.pages["/b"] = page(shop, HASH, "script-src 'self'")
    for path in ("/a", "/b"):
        tab = browser.tab()
        tab.open(shop.url + path)
        tab.run("new Promise(done => setTimeout(done, 1500))")
        assert not tab.run("!!(window.rastro && rastro.start)")
    assert shop.names() == []
