"""The rule of tolerance as one table: what a client sends, what is stored, and what is said about it.

An unambiguous value is converted; a value that cannot be understood costs only its own field; only an event without a
usable name is rejected.
"""
# ruff: noqa: E501 - one line per case

# ruff: noqa: E501 - one line per case

from typing import Any

import pytest

from ingest_lambda.events.normalise.ids import derived_uuid
from tests.ingest_lambda.doubles import PAGE_VIEW, Bench
from tests.ingest_lambda.tolerance import AT, ID, NIL, at, put, stored

TABLE: list[tuple[str, Any, Any, str | None]] = [
    # field, value as sent, value as stored, repair
    # numbers
    ("ecommerce.value", "19.90", 19.9, "to_number"),
    ("ecommerce.value", " 19.90 ", 19.9, "to_number"),
    ("ecommerce.value", "+5", 5, "to_number"),
    ("ecommerce.value", "-5.5", -5.5, "to_number"),
    ("ecommerce.value", ".5", 0.5, "to_number"),
    ("ecommerce.value", "1e3", 1000.0, "to_number"),
    ("ecommerce.value", "49.9000", 49.9, "to_number"),
    ("ecommerce.value", ["19.90"], 19.9, "to_number"),
    ("ecommerce.value", [19.9], 19.9, "to_number"),
    ("ecommerce.value", "4,245.42", None, "unreadable"),
    ("ecommerce.value", "4.245,42", None, "unreadable"),
    ("ecommerce.value", "R$ 19,90", None, "unreadable"),
    ("ecommerce.value", "19,90", None, "unreadable"),
    ("ecommerce.value", "1.234", None, "unreadable"),
    ("ecommerce.value", "$19.90", None, "unreadable"),
    ("ecommerce.value", True, None, "unreadable"),
    ("ecommerce.value", {"amount": 5}, None, "unreadable"),
    ("ecommerce.value", [1, 2], None, "unreadable"),
    ("ecommerce.value", "", None, "absent"),
    ("ecommerce.value", "null", None, "absent"),
    ("ecommerce.value", "NaN", None, "absent"),
    ("ecommerce.value", [], None, "absent"),
    ("ecommerce.value", False, None, "absent"),
    ("ecommerce.value", 1e300, None, "out_of_range"),
    ("ecommerce.value", "1e300", None, "out_of_range"),
    ("ecommerce.tax", "0.125", 0.125, "to_number"),
    ("ecommerce.shipping", "0", 0, "to_number"),
    ("ecommerce.items.0.price", "9.90", 9.9, "to_number"),
    ("ecommerce.items.0.price", "9,90", None, "unreadable"),
    ("ecommerce.items.0.quantity", "2", 2, "to_number"),
    ("ecommerce.items.0.quantity", "1.234", 1.234, "to_number"),
    ("ecommerce.items.0.quantity", "two", None, "unreadable"),
    ("ecommerce.items.0.index", "3", 3, "to_number"),
    ("ecommerce.items.0.discount", "", None, "absent"),
    # pixels
    ("screen.viewport_height", -56, None, "out_of_range"),
    ("screen.viewport_width", 1263.2, 1263, "rounded"),
    ("screen.width", 1920.0, 1920.0, None),
    ("screen.width", "1920", 1920, "to_number"),
    ("screen.width", "1920px", 1920, "to_number"),
    ("screen.width", 1_000_000, None, "out_of_range"),
    ("screen.width", "wide", None, "unreadable"),
    ("screen.width", True, None, "unreadable"),
    ("screen", "1920x1080", {"width": 1920, "height": 1080}, "to_object"),
    ("screen", [], None, "absent"),
    # texts
    ("ecommerce.transaction_id", 10023, "10023", None),
    ("ecommerce.transaction_id", 10023.0, "10023", "to_text"),
    ("ecommerce.transaction_id", ["A1"], "A1", "to_text"),
    ("ecommerce.transaction_id", "undefined", None, "absent"),
    ("ecommerce.transaction_id", "(not set)", None, "absent"),
    ("ecommerce.transaction_id", NIL, None, "absent"),
    ("ecommerce.transaction_id", 0, None, "absent"),
    ("ecommerce.transaction_id", {"id": 1}, None, "unreadable"),
    ("ecommerce.transaction_id", "", "", None),
    ("ecommerce.items.0.item_id", 1001, "1001", None),
    ("ecommerce.items.0.item_id", 1001.0, "1001", "to_text"),
    ("ecommerce.items.0.item_id", 1e3, "1000", "to_text"),
    ("ecommerce.items.0.item_id", 1.5, "1.5", "to_text"),
    ("ecommerce.items.0.item_id", "undefined", None, "absent"),
    ("ecommerce.items.0.item_name", "x" * 1_025, "x" * 1_024, "cut"),
    ("ecommerce.items.0.item_name", 501, "501", "to_text"),
    ("ecommerce.items.0.item_brand", False, None, "absent"),
    ("ecommerce.items.0.item_category", ["Roupas"], "Roupas", "to_text"),
    ("ecommerce.currency", 986, "986", "to_text"),
    ("ecommerce.coupon", [], None, "absent"),
    ("page.url", "https://a.example/" + "x" * 8_192, ("https://a.example/" + "x" * 8_192)[:8_192], "cut"),
    ("page.referrer", "https://a.example/" + "x" * 8_192, ("https://a.example/" + "x" * 8_192)[:8_192], "cut"),
    ("page.title", "t" * 2_049, "t" * 2_048, "cut"),
    ("page.title", 404, "404", "to_text"),
    ("page.title", "é" * 2_048, "é" * 2_048, None),
    ("page.url", 5, "5", "to_text"),
    ("page.url", True, None, "unreadable"),
    ("page.referrer", False, None, "absent"),
    ("page.referrer", "", "", None),
    ("page", "https://loja.example/p", {"url": "https://loja.example/p"}, "to_object"),
    ("page", '{"url": "/p"}', {"url": "/p"}, "to_object"),
    ("page", [], None, "absent"),
    ("page", "", None, "absent"),
    ("page", False, None, "absent"),
    ("page", 5, None, "unreadable"),
    ("search_term", 2026, "2026", "to_text"),
    ("search_term", "x" * 60_000, "x" * 2_048, "cut"),
    ("search_term", {"q": 1}, None, "unreadable"),
    ("language", ["pt-BR", "en"], "pt-BR", "to_text"),
    ("language", "x" * 65, "x" * 64, "cut"),
    # consent
    ("consent.analytics", "granted", True, "to_boolean"),
    ("consent.ads", "denied", False, "to_boolean"),
    ("consent.ads", "yes", True, "to_boolean"),
    ("consent.ads", "1", True, "to_boolean"),
    ("consent.ads", 0, False, "to_boolean"),
    ("consent.ads", "Granted ", True, "to_boolean"),
    ("consent.ads", "maybe", False, "unreadable"),
    ("consent.ads", {}, None, "absent"),
    ("consent.ads", "", None, "absent"),
    ("consent", "denied", {"analytics": False, "ads": False}, "to_object"),
    ("consent", [], None, "absent"),
    # times
    ("ts", AT // 1000, AT, "seconds"),
    ("ts", AT / 1000 + 0.25, AT + 250, "seconds"),
    ("ts", AT * 1000, AT, "microseconds"),
    ("ts", AT * 1_000_000, AT, "nanoseconds"),
    ("ts", str(AT), AT, "to_number"),
    ("ts", str(AT // 1000), AT, "seconds"),
    ("ts", "1795295998.123", AT + 123, "seconds"),
    ("ts", str(AT * 1000), AT, "microseconds"),
    ("ts", f"/Date({AT})/", AT, "to_number"),
    ("ts", "2026-11-21T18:19:58-0300", AT, "reformatted"),
    ("ts", "2026-11-21T18:19:58-03", AT, "reformatted"),
    ("ts", "2026-11-21 21:19:58Z", AT, "reformatted"),
    ("ts", "2026-11-21 21:19:58 UTC", AT, "reformatted"),
    ("ts", "2026-11-21 18:19:58 -0300", AT, "reformatted"),
    ("ts", "2026-11-21 21:19:58+00", AT, "reformatted"),
    ("ts", "2026-11-21T18:19:58-03:00[America/Sao_Paulo]", AT, "reformatted"),
    ("ts", "20261121T211958Z", AT, "reformatted"),
    ("ts", "Sat, 21 Nov 2026 21:19:58 GMT", AT, "reformatted"),
    ("ts", "Sat, 21 Nov 2026 18:19:58 -0300", AT, "reformatted"),
    ("ts", "Sat Nov 21 2026 18:19:58 GMT-0300 (Horário Padrão de Brasília)", AT, "reformatted"),
    ("ts", "2026-11-21T21:19:58Z", AT, None),
    ("ts", "2026-11-21T21:19:58", None, "no_zone"),
    ("ts", "2026-11-21 21:19:58", None, "no_zone"),
    ("ts", "2026-11-21", None, "no_zone"),
    ("ts", "21/11/2026 21:19", None, "unreadable"),
    ("ts", "yesterday", None, "unreadable"),
    ("ts", True, None, "unreadable"),
    ("ts", {}, None, "absent"),
    ("ts", "", None, "absent"),
    ("ts", -1, None, "out_of_range"),
    ("ts", "1969-12-31T23:59:59Z", None, "out_of_range"),
    ("ts", "0000-01-01T00:00:00Z", None, "unreadable"),
    ("ts", 0, 0, None),
    # ids
    ("event_id", ID.upper(), ID, None),
    ("event_id", f" {ID} ", ID, None),
    ("event_id", "ajs-next-0123456789abcdef0123456789abcdef", derived_uuid("loja", "ajs-next-0123456789abcdef0123456789abcdef"), "derived"),
    ("event_id", "01ARZ3NDEKTSV4RRFFQ69G5FAV", derived_uuid("loja", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "derived"),
    ("event_id", "0123456789abcdef0123456789abcdef", derived_uuid("loja", "0123456789abcdef0123456789abcdef"), "derived"),
    ("event_id", 12345, derived_uuid("loja", "12345"), "derived"),
    ("visitor_id", "Qm9sYV9kZV9mdXQvZ29s/rY=.1679765875", "Qm9sYV9kZV9mdXQvZ29s/rY=.1679765875", None),
    ("visitor_id", "../other/site", "../other/site", None),
    ("visitor_id", 12345, "12345", "to_text"),
    ("visitor_id", 12345.0, "12345", "to_text"),
    ("visitor_id", "x" * 129, derived_uuid("visitor_id", "x" * 129), "derived"),
    ("visitor_id", "a\nb", derived_uuid("visitor_id", "a\nb"), "derived"),
    ("user_id", 42, "42", "to_text"),
    ("user_id", 0, None, "absent"),
    ("user_id", "undefined", None, "absent"),
    ("user_id", False, None, "unreadable"),
    ("user_id", "u" * 257, derived_uuid("user_id", "u" * 257), "derived"),
    # names
    ("event", "Purchase", "purchase", "renamed"),
    ("event", "promo-banner_click", "promo_banner_click", "renamed"),
    ("event", "Order Completed", "order_completed", "renamed"),
    ("event", "addToCart", "add_to_cart", "renamed"),
    ("event", "PageView", "page_view", "renamed"),
    ("event", "ADD_TO_CART", "add_to_cart", "renamed"),
    ("event", " page_view ", "page_view", "renamed"),
    ("event", "Compra Concluída", "compra_concluida", "renamed"),
    ("event", "shop.order/paid", "shop_order_paid", "renamed"),
    ("event", "3d_view", "e_3d_view", "renamed"),
    ("event", "_internal", "internal", "renamed"),
    ("event", "x" * 41, "x" * 40, "renamed"),
    # lists and objects
    ("ecommerce.items", {"0": {"item_id": "A"}, "2": {"item_id": "C"}}, [{"item_id": "A"}, {"item_id": "C"}], "to_list"),
    ("ecommerce.items", {"10": {"item_id": "K"}, "9": {"item_id": "J"}}, [{"item_id": "J"}, {"item_id": "K"}], "to_list"),
    ("ecommerce.items", {"item_id": "A"}, [{"item_id": "A"}], "to_list"),
    ("ecommerce.items", '[{"item_id": "A"}]', [{"item_id": "A"}], "to_list"),
    ("ecommerce.items", {}, None, "absent"),
    ("ecommerce.items", "", None, "absent"),
    ("ecommerce.items", "A,B", None, "unreadable"),
    ("ecommerce", [], None, "absent"),
    ("ecommerce", '{"value": 5}', {"value": 5}, "to_object"),
    ("ecommerce", "no", None, "unreadable"),
    ("properties", [], None, "absent"),
    ("properties", '{"a": 1}', {"a": 1}, "to_object"),
    ("properties", [1, 2], {"properties": [1, 2]}, "to_object"),
    ("properties", "free text", {"properties": "free text"}, "to_object"),
    ("properties.n", 2**63, str(2**63), "to_text"),
    ("properties.n", -(2**63), -(2**63), None),
    ("properties.n", 2**63 - 1, 2**63 - 1, None),
    ("properties.n", 36893488147419103232, "36893488147419103232", "to_text"),
    ("properties.n", [[10**30]], [["1" + "0" * 30]], "to_text"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "expected", "what"), TABLE, ids=range(len(TABLE)))
def test_the_table(bench: Bench, field: str, value: Any, expected: Any, what: str | None) -> None:
    found = stored(bench, PAGE_VIEW | put(field, value))

    got = at(found, field)
    assert got == expected
    assert type(got) is type(expected) or isinstance(expected, float)
    subject = "properties" if field.startswith("properties") else field.replace(".0.", "[].")
    assert (what is None and "repairs" not in found) or f"{subject}:{what}" in found["repairs"]
    if what in {"unreadable", "out_of_range", "no_zone"} and field not in {"user_id", "visitor_id"}:
        original = found["properties"]["original"][field]
        assert original == (str(value) if value == 1e300 else value)
    if field in {"event", "event_id"} and what:
        assert found["properties"]["original"] == {field: str(value)}
