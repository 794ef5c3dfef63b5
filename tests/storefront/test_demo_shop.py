"""The demo shop before the real ingest, in three engines: every click arrives once, in order, whatever the network."""

import threading
from collections.abc import Iterator

import pytest

from rastro.demo_shop.pages import SHOP, page
from rastro.demo_shop.server import servers
from rastro.local.emulator import free_port
from tests.ingest_lambda.doubles import KEY
from tests.storefront.engines import Browser
from tests.storefront.shop_server import VERSION, Shop
from tests.storefront.shopping import NAMES, visit

VALUES = {"key": KEY, "version": VERSION, "shop": "http://127.0.0.1:1", "payment": "http://localhost:2"}


@pytest.fixture
def url(shop: Shop) -> Iterator[str]:
    port = free_port()
    running = servers(shop.events_url, KEY, port, free_port())
    for server in running:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{port}"
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_visit(browser: Browser, shop: Shop, url: str):
    tab = browser.tab()
    order = visit(tab, url)
    shop.wait(lambda: "purchase" in shop.names(), seconds=20)
    assert set(NAMES) <= set(shop.names())
    different = {event["event_id"]: event for event in shop.events()}
    (purchase,) = (event for event in different.values() if event["event"] == "purchase")
    assert purchase["ecommerce"]["transaction_id"] == order
    assert purchase["ecommerce"]["coupon"] == "BARRO10"
    assert purchase["ecommerce"]["value"] == round((259.0 + 69.9) * 0.9 + 34.9, 2)
    assert [(i["item_id"], i["quantity"]) for i in purchase["ecommerce"]["items"]] == [
        ("VAS-03", 1),
        ("MES-01", 1),
    ]
    assert len({event["visitor_id"] for event in different.values()}) == 1
    assert purchase["user_id"].startswith("C-")
    in_order = [event["event"] for event in sorted(different.values(), key=lambda event: event["event_id"])]
    first = [event["event"] for event in different.values()]
    steps = ["add_to_cart", "login", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase"]
    for names in (in_order, first):
        assert [names.index(step) for step in steps] == sorted(names.index(step) for step in steps)
    tab.run("location.reload()")
    tab.run("new Promise(done => setTimeout(done, 1500))")
    assert len({e["event_id"] for e in shop.events() if e["event"] == "purchase"}) == 1, (
        "reloading buys nothing"
    )


def test_what_is_served():
    index = page(SHOP, "/", VALUES)
    assert index is not None
    assert KEY.encode() in index.content
    assert b"{{" not in index.content
    script = page(SHOP, f"/r/rastro-{VERSION}.js", VALUES)
    assert script is not None
    assert script.caching == "public, max-age=31536000, immutable"
    assert page(SHOP, "/../dist/manifest.json", VALUES) is None
    assert page(SHOP, "/r/../../pyproject.toml", VALUES) is None
    assert page(SHOP, "/nothing.html", VALUES) is None


@pytest.mark.parametrize("file", sorted(path.name for path in SHOP.glob("*.html")))
def test_every_page_names_the_tracker_and_knows_its_values(file: str):
    found = page(SHOP, f"/{file}", VALUES)
    assert found is not None
    assert b'data-consent="required"' in found.content
    assert f"/r/rastro-{VERSION}.js".encode() in found.content
