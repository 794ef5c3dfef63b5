"""Google Analytics 4's two protocols → our events: each row of the mapping tables in docs/clients.md."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest

from ingest_lambda.adapters.ga4 import events_of
from ingest_lambda.adapters.gtag import hits_of, measurement_id_of
from ingest_lambda.adapters.translation import Translated


def sent(params: dict[str, Any] | None = None, *, name: str = "purchase", **body: Any) -> Translated:
    document = {"client_id": "1.2", "events": [{"name": name, "params": params or {}}]} | body
    (one,) = events_of(document, "G-1")
    assert one.rejection is None
    return one


def hit(body: str = "", **query: Any) -> Translated:
    fields = {"v": 2, "tid": "G-1", "cid": "1.2", "en": "page_view"} | query
    (one,) = hits_of(urlencode(fields), body)
    assert one.rejection is None
    return one


@pytest.mark.parametrize(
    ("params", "name", "value"),
    [
        ({"page_location": "https://l/", "page_title": "T", "page_referrer": "https://r/"},
         "page",
         {"url": "https://l/", "title": "T", "referrer": "https://r/"}),
        ({"currency": "BRL", "value": 22.5, "transaction_id": "o1", "coupon": "X", "shipping": 3, "tax": 2},
         "ecommerce",
         {"currency": "BRL", "value": 22.5, "transaction_id": "o1", "coupon": "X", "shipping": 3, "tax": 2}),
        ({"items": [{"item_id": "s1", "colour": "azul"}]}, "ecommerce",
         {"items": [{"item_id": "s1", "colour": "azul"}]}),
        ({"search_term": "tênis"}, "search_term", "tênis"),
        ({"language": "pt-br"}, "language", "pt-br"),
        ({"session_id": 17, "engagement_time_msec": 5, "size": "M"}, "properties",
         {"ga_session_id": 17, "engagement_time_msec": 5, "size": "M"}),
        ({"em": "5f0e", "user_data": {"sha256_email_address": "5f0e"}, "user_data.email": "a"}, "properties", None),
    ],
)  # fmt: skip
def test_a_parameter_has_its_place(params: dict[str, Any], name: str, value: Any) -> None:
    assert sent(params).event.get(name) == value


@pytest.mark.parametrize(
    ("body", "name", "value"),
    [
        ({}, "visitor_id", "1.2"),
        ({"client_id": None, "app_instance_id": "app"}, "visitor_id", "app"),
        ({"client_id": None, "user_id": "u1"}, "visitor_id", "user:u1"),
        ({"user_id": "u1"}, "user_id", "u1"),
        ({"timestamp_micros": 1_795_603_354_123_456}, "ts", 1_795_603_354_123),
        ({"timestamp_micros": "1795603354123456"}, "ts", 1_795_603_354_123),
        ({"timestamp_micros": "soon"}, "ts", "soon"),
        ({"consent": {"ad_user_data": "GRANTED", "ad_personalization": "GRANTED"}}, "consent", {"ads": True}),
        ({"consent": {"ad_user_data": "GRANTED", "ad_personalization": "DENIED"}}, "consent", {"ads": False}),
        ({"consent": {"ad_user_data": "UNSPECIFIED"}}, "consent", None),
        (
            {"device": {"language": "pt", "screen_resolution": "800x600"}},
            "screen",
            {"width": 800, "height": 600},
        ),
        (
            {"user_properties": {"plan": {"value": "gold"}}},
            "properties",
            {"user_properties": {"plan": "gold"}},
        ),
        ({"user_data": {"sha256_email_address": "5f0e"}}, "properties", None),
    ],
)
def test_a_field_of_the_body_has_its_place(body: dict[str, Any], name: str, value: Any) -> None:
    assert sent(**body).event.get(name) == value


def test_the_time_of_an_event_comes_before_that_of_its_body() -> None:
    body = {
        "client_id": "c",
        "timestamp_micros": 1_000,
        "events": [{"name": "a", "timestamp_micros": 5_000_000}],
    }

    assert events_of(body, "G-1")[0].event["ts"] == 5_000


def test_address_and_agent_are_claims() -> None:
    one = sent(ip_override="200.1.2.3", user_agent="UA")

    assert (one.claims.ip, one.claims.user_agent) == ("200.1.2.3", "UA")
    assert "properties" not in one.event


def test_a_repeated_body_has_the_same_ids_and_each_event_its_own() -> None:
    event = {"name": "purchase", "params": {"transaction_id": "o1"}}
    body = {"client_id": "c", "events": [event, event]}

    ids = [one.event["event_id"] for one in events_of(body, "G-1")]

    assert ids == [one.event["event_id"] for one in events_of(body, "G-1")]
    assert len(set(ids)) == 2
    assert ids[0] != events_of(body | {"client_id": "d"}, "G-1")[0].event["event_id"]


def test_without_a_time_or_an_order_two_equal_bodies_may_be_two_events() -> None:
    assert "event_id" not in sent({"currency": "BRL"}, name="add_to_cart").event


@pytest.mark.parametrize("bad", [{"params": {}}, {"name": ""}, {"name": {}}, 5, None, "x", []])
def test_a_bad_event_costs_only_itself(bad: Any) -> None:
    found = events_of({"client_id": "c", "events": [{"name": "a"}, bad, {"name": "b", "params": 5}]}, "G-1")

    assert [one.rejection is None for one in found] == [True, False, True]
    assert found[1].original == bad


@pytest.mark.parametrize(
    ("body", "count"), [({}, 0), ({"events": []}, 0), ({"events": {"name": "a"}}, 1), ([], 1)]
)
def test_a_body_without_a_list(body: Any, count: int) -> None:
    assert len(events_of(body, "G-1")) == count


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ({"en": "scroll"}, "event", "scroll"),
        ({}, "visitor_id", "1.2"),
        ({"cid": "", "uid": "u1"}, "visitor_id", "user:u1"),
        ({"uid": "u1"}, "user_id", "u1"),
        ({"dl": "https://l/?a=1&b=2", "dt": "Loja", "dr": ""}, "page", {"url": "https://l/?a=1&b=2", "title": "Loja"}),
        ({"sr": "800x600"}, "screen", {"width": 800, "height": 600}),
        ({"sr": "big"}, "screen", None),
        ({"ul": "pt-br"}, "language", "pt-br"),
        ({"cu": "BRL", "epn.value": "22.5", "epn.tax": 2, "epn.shipping": "3.10"}, "ecommerce",
         {"currency": "BRL", "value": 22.5, "tax": 2, "shipping": 3.1}),
        ({"ep.transaction_id": "o1", "ep.coupon": "X"}, "ecommerce", {"transaction_id": "o1", "coupon": "X"}),
        ({"cp": "X"}, "ecommerce", {"coupon": "X"}),
        ({"ep.search_term": "tênis"}, "search_term", "tênis"),
        ({"gcs": "G111"}, "consent", {"ads": True, "analytics": True}),
        ({"gcs": "G101"}, "consent", {"ads": False, "analytics": True}),
        ({"gcs": "G110"}, "consent", {"ads": True, "analytics": False}),
        ({"gcs": "G1--"}, "consent", None),
        ({"gcs": "G"}, "consent", None),
        ({"sid": "17", "sct": "2", "_et": "5", "ep.size": "M", "epn.n": "7", "_fv": "1"}, "properties",
         {"ga_session_id": "17", "ga_session_number": "2", "size": "M", "n": 7, "_et": "5", "_fv": "1"}),
        ({"up.plan": "gold", "upn.age": "7"}, "properties", {"user_properties": {"plan": "gold", "age": 7}}),
        ({"cs": "news", "cm": "email", "cn": "natal"}, "properties",
         {"campaign": {"medium": "email", "source": "news", "name": "natal"}}),
        ({"em": "5f0e", "ep.em": "5f0e", "ep.user_data.email": "x"}, "properties", None),
    ],
)  # fmt: skip
def test_a_field_of_a_hit_has_its_place(query: dict[str, Any], name: str, value: Any) -> None:
    assert hit(**query).event.get(name) == value


def test_items_are_unpacked() -> None:
    packed = ("idSKU~nmCamiseta ~~ azul~brB~vaM~pr10.5~qt2~caRoupas~c2Camisetas~c3Azul~c4A~c5B~cpC~ds1~lnLista~lil1~lp3"
              "~afLoja~loL~piP~pnPromo~cnBanner~cstopo~k0cor~v0azul")  # fmt: skip
    event = hit(pr2="id2", pr1=packed, pr10="id10").event

    first, second, third = event["ecommerce"]["items"]
    assert first == {
        "item_id": "SKU", "item_name": "Camiseta ~ azul", "item_brand": "B", "item_variant": "M", "price": "10.5",
        "quantity": "2", "item_category": "Roupas", "item_category2": "Camisetas", "item_category3": "Azul",
        "item_category4": "A", "item_category5": "B", "coupon": "C", "discount": "1", "item_list_name": "Lista",
        "item_list_id": "l1", "index": "3", "affiliation": "Loja", "location_id": "L", "promotion_id": "P",
        "promotion_name": "Promo", "creative_name": "Banner", "creative_slot": "topo", "cor": "azul",
    }  # fmt: skip
    assert (second, third) == ({"item_id": "2"}, {"item_id": "10"})


def test_each_line_of_the_body_is_an_event_over_the_shared_query() -> None:
    found = hits_of(
        "v=2&tid=G-1&cid=c&dl=https%3A%2F%2Fl%2F",
        "en=scroll&_et=1\r\nen=add_to_cart&dl=https%3A%2F%2Fl%2F2\n\n",
    )

    assert [(one.event["event"], one.event["page"]["url"]) for one in found] == [
        ("scroll", "https://l/"),
        ("add_to_cart", "https://l/2"),
    ]
    assert len({one.event["event_id"] for one in found}) == 2


def test_a_hit_has_the_id_of_its_repeat_and_no_other() -> None:
    first = hit(_p="9", _s="1", sid="7").event["event_id"]

    assert hit(_p="9", _s="1", sid="7", _et="5").event["event_id"] == first
    assert (
        len(
            {
                first,
                hit(_p="9", _s="2", sid="7").event["event_id"],
                hit(_p="8", _s="1", sid="7").event["event_id"],
            }
        )
        == 3
    )
    assert hit(_s="1", dl="https://l/a").event["event_id"] != hit(_s="1", dl="https://l/b").event["event_id"]


@pytest.mark.parametrize(
    "versions",
    ["Not%3AA-Brand;8.0.0.0|Chromium;156.0.8078.108", quote("Not%3AA-Brand;8.0.0.0|Chromium;156.0.8078.108")],
)
def test_hints_are_those_of_the_headers(versions: str) -> None:
    one = hit(uafvl=versions, uamb="0", uam="", uap="Linux", uapv="6.1")

    assert one.claims.hints == {
        "sec_ch_ua_full_version_list": '"Not:A-Brand";v="8.0.0.0", "Chromium";v="156.0.8078.108"',
        "sec_ch_ua": '"Not:A-Brand";v="8", "Chromium";v="156"',
        "sec_ch_ua_mobile": "?0",
        "sec_ch_ua_platform": '"Linux"',
        "sec_ch_ua_platform_version": '"6.1"',
    }


def test_an_address_is_a_claim() -> None:
    one = hit(_uip="200.1.2.3")

    assert one.claims.ip == "200.1.2.3"
    assert "properties" not in one.event


def test_a_hit_without_a_name_is_no_event() -> None:
    (one,) = hits_of("v=2&tid=G-1", "")

    assert one.rejection is not None
    assert one.original == {"v": "2", "tid": "G-1"}


def test_two_hundred_items_are_read() -> None:
    query = {f"pr{n}": f"id{n}" for n in range(1, 203)}

    assert len(hit(**query).event["ecommerce"]["items"]) == 200


def test_the_property_of_a_hit() -> None:
    assert measurement_id_of("v=2&tid=G-1") == "G-1"
    assert measurement_id_of("") is None
