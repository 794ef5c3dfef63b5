"""What can be said of a page's speed without a clock."""

from tests.storefront.engines import Browser
from tests.storefront.shop_server import Shop


def test_no_layout_shift_and_no_element_of_ours(chromium: Browser, shop: Shop):
    shop.page = "<script>window.shifts=[];new PerformanceObserver(list=>shifts.push(...list.getEntries()))"
    shop.page += ".observe({type:'layout-shift',buffered:true})</script><h1>Loja</h1><p>texto</p>"
    tab = chromium.tab()
    tab.open(shop.url + "/a")
    before = tab.run("document.querySelectorAll('*').length")
    tab.run("(() => { for (let n = 0; n < 50; n++) rastro('test_event', {n}) })()")
    shop.wait(lambda: shop.names().count("test_event") == 50)
    assert tab.run("shifts.length") == 0
    assert tab.run("document.querySelectorAll('*').length") == before
