"""Which pages may send and read the answer: origins and preflights."""

import json
from typing import Any

import jsonschema_rs
import pytest

from ingest_lambda.http.cors import HEADERS
from schemas import json_file
from tests.ingest_lambda.doubles import KEY, SITES, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))


STRICT = "pk_test_strict_01"


SHOP = "https://shop.example"


@pytest.mark.parametrize("asked", ["authorization,x-write-key", "X-Anything, content-type", "sentat"])
def test_a_preflight_is_answered_for_whatever_headers_the_browser_asks(bench: Bench, asked: str) -> None:
    headers = {
        "origin": SHOP,
        "access-control-request-method": "POST",
        "access-control-request-headers": asked,
    }

    assert (
        bench.post(gateway("", method="OPTIONS", headers=headers))[2]["access-control-allow-headers"] == asked
    )


@pytest.mark.parametrize("asked", ["a\r\nset-cookie: x", "ç", "x" * 2000, "a,,b", ""])
def test_a_preflight_for_no_header_names_is_answered_with_ours(bench: Bench, asked: str) -> None:
    headers = {"origin": SHOP, "access-control-request-headers": asked}
    found = bench.post(gateway("", method="OPTIONS", headers=headers))[2]["access-control-allow-headers"]

    assert found == HEADERS


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "chrome-extension://abc",
        "app://x",
    ],
)
def test_origins_of_apps_and_sandboxes_can_be_listed(origin: str) -> None:
    site = SITES["sites"]["strict"] | {"origins": [origin], "cookieless": True}
    document = SITES | {"sites": {"strict": site}}
    bench = Bench(sites=json.dumps(document).encode())

    status, _, headers = bench.post(gateway(key=STRICT, headers={"origin": origin}))
    assert (status, headers["access-control-allow-origin"]) == (202, origin)
    assert bench.post(gateway(key=STRICT, headers={"origin": "https://else.example"}))[0] == 403


def test_an_origin_that_the_site_lists_may_post_and_read(bench: Bench) -> None:
    """Case does not matter; the answer says that it differs by origin."""
    for origin in (SHOP, "https://www.shop.example"):
        status, _, headers = bench.post(gateway(key=STRICT, headers={"origin": origin}))
        assert status == 202
        assert headers["access-control-allow-origin"] == origin
        assert headers["access-control-allow-credentials"] == "true"
        assert headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://shop.example", "https://shop.example:8443", "null", "", "*"]
)
def test_another_origin_is_403_and_cannot_read_it(bench: Bench, origin: str) -> None:
    status, body, headers = bench.post(gateway(key=STRICT, headers={"origin": origin}))

    assert (status, body["reason"]) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in headers
    assert headers["vary"] == "Origin"
    assert not bench.stream.calls


def test_a_site_without_origins_takes_all_without_credentials(bench: Bench) -> None:
    _, _, headers = bench.post(gateway(headers={"origin": "https://any.example"}))

    assert headers["access-control-allow-origin"] == "https://any.example"
    assert "access-control-allow-credentials" not in headers


def test_a_server_sends_no_origin_and_may_post(bench: Bench) -> None:
    status, _, headers = bench.post(gateway(key=STRICT))

    assert status == 202
    assert "access-control-allow-origin" not in headers


def test_a_page_can_read_why_it_was_refused(bench: Bench) -> None:
    """Refusals carry the same headers, also where the key is wrong and so the site unknown."""
    for event in (
        gateway("nope", key=STRICT, headers={"origin": SHOP}),
        gateway(key="pk_wrong_key", headers={"origin": SHOP}),
    ):
        _, _, headers = bench.post(event)
        assert headers["access-control-allow-origin"] == SHOP


def preflight(bench: Bench, origin: str | None, query: str = "") -> tuple[int, Any, dict[str, Any]]:
    headers = {"access-control-request-method": "POST", "access-control-request-headers": "x-rastro-key"}
    if origin is not None:
        headers["origin"] = origin
    return bench.post(gateway("", method="OPTIONS", key=None, query=query, headers=headers))


def test_a_preflight_says_what_may_be_sent_and_for_how_long(bench: Bench) -> None:
    status, body, headers = preflight(bench, SHOP)

    assert (status, body) == (200, {"methods": ["POST", "OPTIONS"]})
    assert headers["access-control-allow-origin"] == SHOP
    assert headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert headers["access-control-allow-headers"] == "x-rastro-key"
    assert headers["access-control-max-age"] == "7200"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def test_a_preflight_with_a_key_is_for_that_site(bench: Bench) -> None:
    assert preflight(bench, "https://evil.example", f"key={KEY}")[0] == 200
    assert "access-control-allow-credentials" not in preflight(bench, SHOP, f"key={KEY}")[2]


def test_a_preflight_from_nowhere_is_403() -> None:
    """Where every site lists its origins, another one is refused at once."""
    bench = Bench(sites=json.dumps({"version": 1, "sites": {"strict": SITES["sites"]["strict"]}}).encode())

    status, body, headers = preflight(bench, "https://evil.example")

    assert (status, body["reason"]) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in headers


def test_options_without_an_origin_lists_the_methods(bench: Bench) -> None:
    status, _, headers = preflight(bench, None)

    assert (status, headers["allow"]) == (200, "POST, OPTIONS")
