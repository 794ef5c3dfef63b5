"""gtag() and dataLayer with GA4's e-commerce objects as they stand. In three engines."""

from tests.storefront.engines import Browser
from tests.storefront.shop_server import Shop

GTAG = (
    "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}"
    "gtag('js',new Date());"
)
ITEMS = "[{item_id:'SKU-1',item_name:'Tênis',price:199.9,quantity:2,item_list_name:'Vitrine'}]"


def test_a_page_with_googles_tag_needs_no_new_code(browser: Browser, shop: Shop):
    shop.tag = (
        GTAG + "gtag('config','G-1',{user_id:'c-7'});"
        f"gtag('event','view_item',{{currency:'BRL',value:399.8,items:{ITEMS}}})</script>" + shop.script()
    )
    tab = browser.tab()
    tab.open(shop.url + "/p/1")
    tab.run(
        "(gtag('event','purchase',{transaction_id:'T1',value:'10',currency:'BRL',tax:1,shipping:2,"
        "coupon:'C',affiliation:'site',"
        f"items:{ITEMS},event_callback(){{}}}}), gtag('event','search',{{search_term:'tênis'}}),"
        "gtag('get','G-1','client_id',() => 0),"
        " rastro('flush'))"
    )
    shop.wait(lambda: "search" in shop.names())
    page, item, purchase, search = shop.events()
    assert [page["event"], item["event"], purchase["event"], search["event"]] == [
        "page_view",
        "view_item",
        "purchase",
        "search",
    ]
    wanted = [
        {"item_id": "SKU-1", "item_name": "Tênis", "price": 199.9, "quantity": 2, "item_list_name": "Vitrine"}
    ]
    assert item["ecommerce"] == {"currency": "BRL", "value": 399.8, "items": wanted}
    assert item["user_id"] == "c-7"
    assert {
        name: purchase["ecommerce"][name] for name in ("transaction_id", "value", "tax", "shipping", "coupon")
    } == {
        "transaction_id": "T1",
        "value": 10,
        "tax": 1,
        "shipping": 2,
        "coupon": "C",
    }
    assert purchase["properties"]["affiliation"] == "site"
    assert search["search_term"] == "tênis"


def test_a_tag_managers_data_layer(browser: Browser, shop: Shop):
    shop.tag = (
        "<script>window.dataLayer=[{'gtm.start': 1, event:'gtm.js'},{user_id:'x'},"
        f"{{event:'add_to_cart',ecommerce:{{currency:'BRL',value:5,items:{ITEMS}}}}}]</script>"
        + shop.script()
    )
    tab = browser.tab()
    tab.open(shop.url + "/p/1")
    tab.run(
        f"(dataLayer.push({{ecommerce:null}}, {{event:'begin_checkout',ecommerce:{{items:{ITEMS}}},step:1}}),"
        " rastro('flush'))"
    )
    shop.wait(lambda: "begin_checkout" in shop.names())
    assert shop.names() == ["page_view", "add_to_cart", "begin_checkout"]
    assert shop.events()[1]["ecommerce"]["value"] == 5
    assert shop.events()[2]["properties"]["step"] == 1
    assert tab.run("dataLayer.length") == 5


def test_another_name_of_the_layer_and_none(browser: Browser, shop: Shop):
    shop.tag = (
        "<script>window.other=[{event:'from_other'}];window.dataLayer=[{event:'not_ours'}]</script>"
        + shop.script(layer="other")
    )
    browser.tab().open(shop.url + "/a")
    shop.wait(lambda: "from_other" in shop.names())
    shop.tag = "<script>window.dataLayer=[{event:'not_ours'}]</script>" + shop.script(layer="off")
    tab = browser.tab()
    tab.open(shop.url + "/b")
    tab.run(
        "(rastro('event', 'as_gtag', {a: 1}), rastro('event', {event: 'as_object', a: 2}), rastro('flush'))"
    )
    shop.wait(lambda: "as_object" in shop.names())
    assert "not_ours" not in shop.names()
    assert [e["properties"]["a"] for e in shop.events() if e["event"].startswith("as_")] == [1, 2]
