"""Each sentence of docs/analytics.md, on rows made for it."""

from pathlib import Path
from typing import Any

import pytest

from analytics import VIEWS
from analytics.duckdb_lake import Lake
from enrich_consumer.core.tables.click_ids import CLICK_PARAMETERS
from tests.support.lake_rows import History, item

DAY = 24 * 60


@pytest.fixture
def shop() -> History:
    return History()


def ask(shop: History, folder: Path, sql: str) -> Any:
    lake = shop.lake(folder)
    try:
        return [tuple(row.values()) for row in lake.rows(sql)]
    finally:
        lake.close()


# --- events -------------------------------------------------------------------------------------------------------


def test_a_copy_from_another_visitor_is_the_same_event(shop: History, tmp_path: Path) -> None:
    first = shop.purchase("P-1", 50)
    shop.rows.append(first | {"visitor_id": "v2", "session_id": "s9", "raw_sequence": "9" * 56})
    assert ask(shop, tmp_path, "SELECT visitor_id FROM events") == [("v1",)]
    assert ask(shop, tmp_path / "2", "SELECT visitor_id, orders FROM sessions") == [("v1", 1)]


def test_the_same_id_at_another_site_is_another_event(shop: History, tmp_path: Path) -> None:
    first = shop.add("page_view")
    shop.rows.append(first | {"site": "other"})
    assert len(ask(shop, tmp_path, "SELECT site FROM events")) == 2


def test_two_survivors_and_missing_ids_of_a_merge_stop_nothing(shop: History, tmp_path: Path) -> None:
    shop.add("page_view", session="s3")
    for survivor, absorbed in (("s2", "s3"), ("s1", "s3"), ("s1", None), (None, "s1"), ("s2", "s2")):
        shop.add("session_merge", session=survivor, merged_session_id=absorbed)
    assert ask(shop, tmp_path, "SELECT session_id, written_session_id FROM events") == [("s1", "s3")]


# --- money --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [("BRL", "JPY"), ("JPY", "BRL")])
def test_two_currencies_in_one_visit_are_never_added(
    first: str, second: str, shop: History, tmp_path: Path
) -> None:
    shop.purchase("P-1", 100, currency=first, items=[item("a", 100)])
    shop.purchase("P-2", 15_000, minute=1, currency=second, items=[item("a", 15_000)])
    lake = shop.lake(tmp_path)
    (visit,) = lake.rows("SELECT currency, revenue, orders, orders_in_currency FROM sessions")
    assert visit == {"currency": first, "revenue": 100, "orders": 2, "orders_in_currency": 1}
    both = {first: 100, second: 15_000}
    for view in ("orders", "revenue", "products", "attribution"):
        found = lake.rows(f"SELECT currency, sum(revenue) AS revenue FROM {view} GROUP BY currency")
        assert {row["currency"]: row["revenue"] for row in found} == both, view


def test_every_amount_of_a_view_has_a_currency_beside_it() -> None:
    lake = Lake()
    money = {"revenue", "gross_revenue", "refunded", "value", "cart_value", "value_abandoned", "price"}
    with_money = 0
    for view in VIEWS:
        columns = {row[0] for row in lake.database.execute(f"DESCRIBE {view}").fetchall()}
        if columns & money:
            with_money += 1
            assert {"currency", "cart_currency"} & columns, view
    assert with_money >= 7


@pytest.mark.parametrize(
    ("refunds", "refunded"),
    [
        ([{"value": 100}], 100),
        ([{"value": 30}, {"value": 20}], 50),
        ([{"value": 80}, {"value": 80}], 100),  # never more than was paid
        ([{}], 100),  # no amount: all of it
        ([{"value": 30, "currency": "JPY"}], 0),  # not the order's money
        ([{"value": 30, "transaction_id": "P-2"}], 0),
        ([], 0),
    ],
)
def test_refunds_are_taken_off_their_order(
    refunds: list[dict[str, Any]], refunded: float, shop: History, tmp_path: Path
) -> None:
    shop.purchase("P-1", 100, items=[item("a", 100)])
    for days, refund in enumerate(refunds, start=1):
        shop.add("refund", days * DAY, session=f"r{days}", **{"transaction_id": "P-1"} | refund)
    lake = shop.lake(tmp_path)
    for view in ("orders", "sessions", "revenue", "attribution"):
        found = lake.rows(
            f"SELECT sum(gross_revenue) AS g, sum(refunded) AS f, sum(revenue) AS r FROM {view}"
        )
        assert found == [{"g": 100, "f": refunded, "r": 100 - refunded}], view


def test_a_refund_before_its_order_arrived_and_sent_twice_counts_once(shop: History, tmp_path: Path) -> None:
    refund = shop.add("refund", 5, transaction_id="P-1", value=40)
    shop.rows.append(refund | {"raw_sequence": "8" * 56})
    shop.purchase("P-1", 100)
    assert ask(shop, tmp_path, "SELECT refunded, revenue FROM orders") == [(40, 60)]


def test_products_give_back_the_pieces_that_a_refund_names(shop: History, tmp_path: Path) -> None:
    shop.purchase("P-1", 250, items=[item("a", 50, 3), item("b", 100)])
    shop.add("refund", 9, transaction_id="P-1", value=50, items=[item("a", None, 1)])
    found = ask(
        shop,
        tmp_path,
        "SELECT item_id, pieces_sold, pieces_refunded, gross_revenue, revenue FROM products ORDER BY 1",
    )
    assert found == [("a", 3, 1, 150, 100), ("b", 1, 0, 100, 100)]


def test_an_order_refunded_whole_takes_back_all_its_pieces(shop: History, tmp_path: Path) -> None:
    shop.purchase("P-1", 250, items=[item("a", 50, 3), item("b", 100)])
    shop.add("refund", 9, transaction_id="P-1")
    found = ask(shop, tmp_path, "SELECT sum(pieces_sold), sum(pieces_refunded), sum(revenue) FROM products")
    assert found == [(4, 4, 0)]


def test_a_price_is_after_the_discount(shop: History, tmp_path: Path) -> None:
    shop.purchase("P-1", 180, items=[item("a", 90, 2, discount=10)])
    assert ask(shop, tmp_path, "SELECT revenue FROM products") == [(180,)]


# --- products -----------------------------------------------------------------------------------------------------


def test_a_renamed_product_is_one_product_under_its_newest_name(shop: History, tmp_path: Path) -> None:
    shop.add("view_item", 0, items=[item("a", 5, item_name="Zebra")])
    shop.add("view_item", 1, items=[item("a", 5, item_name="Apple")])
    shop.add("view_item", 2, items=[item("a", 5)])
    found = ask(shop, tmp_path, "SELECT item_id, item_name, item_views FROM products")
    assert found == [("a", "Apple", 3)]


def test_items_without_an_id_go_by_their_name(shop: History, tmp_path: Path) -> None:
    shop.purchase("P-1", 100, items=[item(None, 60, item_name="Mug"), item("b", 40, item_name="Cup")])
    assert ask(shop, tmp_path, "SELECT item_id, revenue FROM products ORDER BY 2 DESC") == [
        ("Mug", 60),
        ("b", 40),
    ]
    found = ask(shop, tmp_path / "2", "SELECT item_a, item_b, name_a FROM baskets ORDER BY 1")
    assert found == [("Mug", "b", "Mug"), ("b", "Mug", "Cup")]


# --- people and bots ----------------------------------------------------------------------------------------------


def test_the_orders_of_bots_are_in_orders_and_nowhere_among_people(shop: History, tmp_path: Path) -> None:
    bot = {"is_bot": True, "bot_name": "Crawler", "visitor": "b", "session": "sb"}
    shop.add("page_view", **bot)
    shop.add("search", 1, search_term="mug", **bot)
    shop.purchase("P-1", 100, 2, items=[item("a", 60), item("b", 40)], **bot)
    lake = shop.lake(tmp_path)
    assert lake.rows("SELECT is_bot, revenue FROM orders") == [{"is_bot": True, "revenue": 100}]
    assert lake.rows("SELECT is_bot, revenue FROM attribution") == [{"is_bot": True, "revenue": 100}]
    for view in ("funnel", "retention", "entry_exit_pages", "paths", "revenue", "products", "baskets"):
        assert lake.rows(f"SELECT * FROM {view}") == [], view
    assert lake.rows("SELECT * FROM search_terms") == []
    assert lake.rows("SELECT * FROM abandonment") == []


def test_a_purchase_from_the_shops_server_belongs_to_the_person(shop: History, tmp_path: Path) -> None:
    server = {"page_url": None, "page_path": None, "device_class": "bot", "channel": "Direct", "is_bot": True}
    shop.purchase("P-1", 100, -1, items=[item("a", 100)], bot_name="GuzzleHttp", **server)
    shop.add("page_view", 0, channel="Paid Search", utm_source="google", utm_medium="cpc")
    lake = shop.lake(tmp_path)
    found = lake.rows("SELECT is_bot, bot_name, device_class, channel, source, revenue FROM sessions")
    assert [tuple(row.values()) for row in found] == [(False, None, "mobile", "Paid Search", "google", 100)]
    assert lake.rows("SELECT revenue FROM products") == [{"revenue": 100}]
    assert lake.rows("SELECT channel, revenue FROM revenue") == [{"channel": "Paid Search", "revenue": 100}]


# --- carts --------------------------------------------------------------------------------------------------------


def _cart(shop: History, steps: list[tuple[int, str, float]]) -> None:
    for minute, (pieces, product, price) in enumerate(steps):
        name = "add_to_cart" if pieces > 0 else "remove_from_cart"
        shop.add(name, minute, value=abs(pieces) * price, items=[item(product, price, abs(pieces))])


@pytest.mark.parametrize(
    ("steps", "abandoned", "value"),
    [
        ([(1, "a", 50)], 1, 50),
        ([(1, "a", 50), (-1, "a", 50)], 0, 0),  # emptied
        ([(2, "a", 50), (-1, "a", 50)], 1, 50),
        ([(-1, "a", 500), (1, "b", 50)], 1, 50),  # yesterday's taken out
        ([(-1, "a", 500), (1, "a", 500)], 1, 500),
        ([(1, "a", 50), (-3, "a", 50), (1, "a", 60)], 1, 60),
        ([(1, "a", 50), (-1, "a", 45)], 0, 0),  # cheaper meanwhile
    ],
)
def test_what_is_left_in_a_cart(
    steps: list[tuple[int, str, float]], abandoned: int, value: float, shop: History, tmp_path: Path
) -> None:
    _cart(shop, steps)
    sql = "SELECT sum(carts), sum(carts_abandoned), sum(value_abandoned), max(currency) FROM abandonment"
    assert ask(shop, tmp_path, sql) == [(1, abandoned, value, "BRL")]


def test_carts_without_items_or_prices_go_by_their_value(shop: History, tmp_path: Path) -> None:
    shop.add("add_to_cart", 0, value=50)
    shop.add("add_to_cart", 1, value=30, items=[item("a", None)])
    shop.add("remove_from_cart", 2, value=30)
    assert ask(shop, tmp_path, "SELECT cart_pieces, cart_value FROM sessions") == [(1, 30)]


def test_a_cart_that_was_bought_is_not_abandoned(shop: History, tmp_path: Path) -> None:
    _cart(shop, [(1, "a", 50)])
    shop.purchase("P-1", 50, 9)
    assert ask(shop, tmp_path, "SELECT carts, carts_abandoned, value_abandoned FROM abandonment") == [
        (1, 0, 0)
    ]


# --- sessions and channels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bounce"),
    [
        *((name, False) for name in ("sign_up", "add_to_wishlist", "generate_lead", "login", "search")),
        *((name, False) for name in ("remove_from_cart", "add_payment_info", "share", "newsletter")),
        *(
            (name, True)
            for name in ("view_item", "view_item_list", "scroll", "user_engagement", "page_leave")
        ),
        ("page_view", False),  # the second page
    ],
)
def test_a_bounce_is_one_page_and_nothing_but_looking(
    name: str, bounce: bool, shop: History, tmp_path: Path
) -> None:
    shop.add("page_view")
    shop.add(name, 1)
    assert ask(shop, tmp_path, "SELECT is_bounce FROM sessions") == [(bounce,)]


@pytest.mark.parametrize(
    ("columns", "source", "medium"),
    [
        ({"click_network": "google_ads"}, "google", "cpc"),
        (
            {"click_network": "google_ads", "referrer_source": "google", "referrer_medium": "search"},
            "google",
            "cpc",
        ),
        (
            {"click_network": "meta", "referrer_source": "instagram", "referrer_medium": "social"},
            "instagram",
            "social",
        ),
        ({"click_network": "meta"}, "facebook", "referral"),
        ({"click_network": "google_ads", "utm_source": "x", "utm_medium": "y"}, "x", "y"),
        ({"referrer_source": "bing", "referrer_medium": "search"}, "bing", "search"),
        ({}, None, None),
    ],
)
def test_a_click_id_names_source_and_medium(
    columns: dict[str, str], source: str, medium: str, shop: History, tmp_path: Path
) -> None:
    shop.add("page_view", channel="Paid Search" if columns else "Direct", **columns)
    assert ask(shop, tmp_path, "SELECT source, medium FROM sessions") == [(source, medium)]


def test_the_networks_are_those_of_the_enrichment(shop: History, tmp_path: Path) -> None:
    networks = {network.name: network for network in reversed(CLICK_PARAMETERS.values())}
    for name in networks:
        shop.add("page_view", channel="Paid Search", click_network=name, session=name)
    found = ask(shop, tmp_path, "SELECT session_id, source, medium FROM sessions")
    assert set(found) == {(n.name, n.source, n.medium) for n in networks.values()}


def test_a_campaign_with_an_unknown_medium_is_a_touch(shop: History, tmp_path: Path) -> None:
    shop.add("page_view", -5 * DAY, session="s0", channel="Organic Search", referrer_source="google")
    campaign = {
        "utm_source": "joana",
        "utm_medium": "influencer",
        "utm_campaign": "bf",
        "channel": "Unassigned",
    }
    shop.add("page_view", **campaign)
    shop.purchase("P-1", 10, 1)
    found = ask(shop, tmp_path, "SELECT first_source, last_source, last_campaign, touches FROM attribution")
    assert found == [("google", "joana", "bf", 2)]


@pytest.mark.parametrize("channel", [None, "Direct"])
def test_a_return_from_the_payment_page_takes_no_order_from_its_campaign(
    channel: str | None, shop: History, tmp_path: Path
) -> None:
    shop.add("page_view", session="s0", channel="Paid Search", click_network="google_ads", utm_campaign="bf")
    shop.add("begin_checkout", 1, session="s0")
    shop.add("page_view", 120, session="s2", channel=channel)
    shop.purchase("P-1", 10, 121, session="s2")
    found = ask(shop, tmp_path, "SELECT last_channel, last_source, last_campaign, touches FROM attribution")
    assert found == [("Paid Search", "google", "bf", 2)]


def test_if_all_were_direct_it_is_direct(shop: History, tmp_path: Path) -> None:
    shop.add("page_view", channel="Direct")
    shop.purchase("P-1", 10, 1)
    assert ask(shop, tmp_path, "SELECT first_channel, last_channel FROM attribution") == [
        ("Direct", "Direct")
    ]


def test_touches_older_than_30_days_count_not(shop: History, tmp_path: Path) -> None:
    shop.add("page_view", -30 * DAY - 1, session="s0", channel="Email", utm_source="news")
    shop.add("page_view", channel="Direct")
    shop.purchase("P-1", 10, 0)
    assert ask(shop, tmp_path, "SELECT touches, last_channel FROM attribution") == [(1, "Direct")]


# --- search -------------------------------------------------------------------------------------------------------


def test_search_terms_differ_by_words_not_by_blanks(shop: History, tmp_path: Path) -> None:
    for minute, term in enumerate(("Red  Mug", "\tred mug\n", "red\u00a0mug ", "red\u3000mug", " \u00a0 ")):
        shop.add("search", minute, search_term=term)
    assert ask(shop, tmp_path, "SELECT search_term, searches, sessions FROM search_terms") == [
        ("red mug", 4, 1)
    ]
