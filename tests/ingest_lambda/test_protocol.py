"""Every answer of the protocol: paths, methods, media types, sizes, origins, the pixel and the health check."""

import base64
import gzip
import json
from typing import Any

import jsonschema_rs
import pytest

from ingest_lambda.adapters.pixel import GIF
from ingest_lambda.http.cors import HEADERS
from ingest_lambda.http.request import from_gateway
from schemas import json_file
from tests.ingest_lambda.doubles import KEY, NOW, PAGE_VIEW, SITES, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))
STRICT = "pk_test_strict_01"
SHOP = "https://shop.example"


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/events/x", "/V1/events", "/v2/events", "/v1events", "//"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_an_unknown_path_is_404_in_json(bench: Bench, path: str, method: str) -> None:
    status, body, _ = bench.post(gateway(path=path, method=method))

    assert (status, body["reason"]) == (404, "not_found")
    assert "/v1/events" in body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/events", "POST, OPTIONS"),
        ("PUT", "/v1/events", "POST, OPTIONS"),
        ("DELETE", "/v1/events", "POST, OPTIONS"),
        ("BREW", "/v1/events", "POST, OPTIONS"),
        ("", "/v1/events", "POST, OPTIONS"),
        ("POST", "/v1/p.gif", "GET, HEAD"),
        ("OPTIONS", "/v1/p.gif", "GET, HEAD"),
        ("POST", "/v1/health", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_405_in_json_with_allow(bench: Bench, method: str, path: str, allow: str) -> None:
    status, body, headers = bench.post(gateway(path=path, method=method))

    assert (status, body["reason"], headers["allow"]) == (405, "method_not_allowed", allow)


def test_a_named_stage_is_no_part_of_the_path(bench: Bench) -> None:
    event = gateway(path="/live/v1/events")
    event["requestContext"]["stage"] = "live"

    assert bench.post(event)[0] == 202


@pytest.mark.parametrize(
    "path", ["/v1/events/", "//v1/events", "/v1//events", "/v1/events//", "///v1///events/"]
)
def test_doubled_and_trailing_slashes_lead_to_the_same_route(bench: Bench, path: str) -> None:
    assert bench.post(gateway(path=path))[0] == 202


@pytest.mark.parametrize(
    "media_type",
    [
        "application/x-www-form-urlencoded",
        "application/cloudevents+json",
        "application/octet-stream",
        "application/csp-report",
        "text/html",
        "multipart/form-data; boundary=x",
        "nonsense",
        ";",
    ],
)
@pytest.mark.parametrize("is_base64", [False, True])
def test_json_is_taken_under_every_type(bench: Bench, media_type: str, is_base64: bool) -> None:
    """curl -d, beacons of a Blob, proxies: the content says what it is. API Gateway hands most types on in base64."""
    event = gateway(headers={"content-type": media_type})
    if is_base64:
        event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}

    assert bench.post(event)[:2] == (202, {"accepted": 1, "rejected": []})


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "body",
    [
        "%7B%22event%22%3A%22page_view%22%2C%22visitor_id%22%3A%22v1%22%7D",
        '{"event":"page_view","visitor_id":"v1"}=',
        "data=%7B%22event%22%3A%22page_view%22%2C%22visitor_id%22%3A%22v1%22%7D",
        "event=page_view&visitor_id=v1",
    ],
)
def test_what_a_form_encoded_is_read(bench: Bench, body: str) -> None:
    assert bench.post(gateway(body, headers={"content-type": FORM}))[1]["accepted"] == 1

    (record,) = bench.records()
    assert (record["visitor_id"], record["events"][0]["event"]) == ("v1", "page_view")


def test_the_fields_of_a_form_have_the_pixels_names(bench: Bench) -> None:
    body = "event=purchase&visitor_id=v1&url=https%3A%2F%2Floja.example%2F&value=49.90&currency=BRL&note=a+b"
    assert bench.post(gateway(body, headers={"content-type": FORM}))[1]["accepted"] == 1

    (event,) = bench.records()[0]["events"]
    assert event["page"] == {"url": "https://loja.example/"}
    assert event["ecommerce"] == {"value": 49.9, "currency": "BRL"}
    assert event["properties"] == {"note": "a b"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("nope", {"content-type": FORM}, 400),
        ("a=1&b=2", {"content-type": FORM}, 400),
        ("<x/>", {"content-type": "application/xml"}, 415),
        ("nope", {"content-type": "application/ld+json"}, 400),
        (b"\x89PNG", {"content-type": "image/png"}, 415),
        ("--x", {"content-type": "multipart/form-data; boundary=x"}, 415),
        ("{}", {"content-encoding": "br"}, 415),
        ("{}", {"content-encoding": "gzip, gzip"}, 415),
        ("{}", {"content-encoding": "deflate"}, 415),
    ],
)
def test_what_is_no_json_is_a_broken_body_or_another_type(
    bench: Bench, body: str | bytes, headers: dict[str, str], status: int
) -> None:
    found, answer, _ = bench.post(gateway(body, headers=headers))

    assert (found, answer["reason"]) == (status, "not_json" if status == 400 else "unsupported_media_type")


@pytest.mark.parametrize("path", ["/v1/health", "/v1/p.gif"])
def test_head_is_get_without_a_body_and_without_an_event(bench: Bench, path: str) -> None:
    """Monitors ask so; a link checker's HEAD is no view of a mail."""
    request = from_gateway(gateway("", method="HEAD", path=path, query=f"key={KEY}"), "id")
    answer = bench.app.answer(request, NOW, 1e9).to_gateway()

    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, "", False)
    assert not [event for record in bench.records() for event in record["events"]]
    request = from_gateway(gateway("", method="HEAD", path="/v1/p.gif", key="pk_wrong_key"), "id")
    assert bench.app.answer(request, NOW, 1e9).to_gateway()["statusCode"] == 401


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


def test_a_gzip_body_may_have_several_members(bench: Bench) -> None:
    """pigz and appended files make them; archivers fill up with zeros."""
    text = json.dumps([PAGE_VIEW]).encode()
    body = gzip.compress(text[:10]) + gzip.compress(text[10:]) + b"\0" * 100

    assert bench.post(gateway(body, headers={"content-encoding": "gzip"}))[0] == 202
    many = b"".join(gzip.compress(text[n : n + 1]) for n in range(len(text))) + gzip.compress(b"") * 400
    assert bench.post(gateway(many, headers={"content-encoding": "gzip"}))[1]["reason"] == "not_json"


def test_json_that_a_proxy_unpacked_without_saying_so_is_taken(bench: Bench) -> None:
    assert bench.post(gateway(headers={"content-encoding": "gzip"}))[0] == 202


def test_names_of_a_query_that_was_escaped_for_html_are_read(bench: Bench) -> None:
    """Mail tools escape a query once more: &amp;event= is event."""
    assert pixel(bench, f"key={KEY}&amp;event=email_open&amp;amp;visitor_id=v7&amp;campaign=x")[0] == 200

    (record,) = bench.records()
    assert (record["visitor_id"], record["events"][0]["event"]) == ("v7", "email_open")
    assert record["events"][0]["properties"] == {"campaign": "x"}


def test_a_beacon_without_a_type_is_taken(bench: Bench) -> None:
    event = gateway()
    del event["headers"]["content-type"]

    assert bench.post(event)[0] == 202


@pytest.mark.parametrize(
    "body",
    ["", " ", "{", "{'a':1}", "nope", b"\xff\xfe{\x00}\x00", '{"event":"x"} x', "\x00", b"\xc3\x28", "[1,]"],
)
def test_what_is_not_json_is_400(bench: Bench, body: str | bytes) -> None:
    status, answer, _ = bench.post(gateway(body))

    assert (status, answer["reason"]) == (400, "not_json")
    assert "the body is not JSON" in answer["detail"]
    assert not bench.stream.calls


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"no gzip at all", "not gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], "cut off"),
        (gzip.compress(b"{}", mtime=0) + b"more", "after its end"),
        (b"", "cut off"),
    ],
)
def test_broken_gzip_is_400(bench: Bench, body: bytes, detail: str) -> None:
    status, answer, _ = bench.post(gateway(body, headers={"content-encoding": "gzip"}))

    assert (status, answer["reason"]) == (400, "not_json")
    assert detail in answer["detail"]


@pytest.mark.parametrize("media_type", ["application/gzip", "application/octet-stream"])
def test_gzip_by_its_type(bench: Bench, media_type: str) -> None:
    """Under these types API Gateway keeps the bytes as they are; another encoding is not needed then."""
    event = gateway(gzipped=True, headers={"content-type": media_type})
    assert bench.post(event)[0] == 202
    del event["headers"]["content-encoding"]
    assert bench.post(event)[0] == 202
    event["body"] = base64.b64encode(json.dumps(PAGE_VIEW).encode()).decode()
    assert bench.post(event)[0] == 202  # no gzip, but JSON
    event["body"] = base64.b64encode(b"neither").decode()
    assert bench.post(event)[1]["reason"] == "not_json"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_gzip_that_was_read_as_text_is_told_what_to_do(bench: Bench, encoding: str) -> None:
    event = gateway(headers={"content-encoding": encoding})
    event["body"] = gzip.compress(b"{}").decode("utf-8", "replace")

    status, body, _ = bench.post(event)

    assert (status, body["reason"]) == (400, "not_json")
    assert "application/gzip" in body["detail"]


def test_base64_bodies(bench: Bench) -> None:
    event = gateway()
    event["body"] = base64.b64encode(event["body"].encode()).decode()
    event["isBase64Encoded"] = True
    assert bench.post(event)[0] == 202
    event["body"] = "%%%"
    status, body, _ = bench.post(event)
    assert (status, body["reason"]) == (400, "not_json")


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("key", [KEY, STRICT])
def test_the_size_limit_is_the_sites_and_exact(bench: Bench, gzipped: bool, key: str) -> None:
    """The limit is for the JSON, after decompression; at the limit is in, one byte more is out."""
    limit = 1_048_576 if key == KEY else 2048
    for extra, expected in ((0, 202), (1, 413)):
        body = "[" + " " * (limit - 2 + extra) + "]"
        status, answer, _ = bench.post(gateway(body, gzipped=gzipped, key=key))
        assert status == expected
        assert expected == 202 or (answer["reason"], str(limit) in answer["detail"]) == ("too_large", True)


def test_too_many_events_are_413_and_none_is_taken(bench: Bench) -> None:
    status, body, _ = bench.post(gateway([PAGE_VIEW] * 4, key=STRICT))

    assert (status, body["reason"]) == (413, "too_many_events")
    assert not bench.stream.calls
    assert bench.post(gateway([PAGE_VIEW] * 3, key=STRICT))[0] == 202
    assert bench.post(gateway([PAGE_VIEW] * 500))[0] == 202
    assert bench.post(gateway([PAGE_VIEW] * 501))[0] == 413


def test_no_events_are_no_puts(bench: Bench) -> None:
    for body in ([], {"events": []}):
        assert bench.post(gateway(body))[:2] == (202, {"accepted": 0, "rejected": []})
    assert not bench.stream.calls
    assert not bench.delivery.calls


# --- origins -------------------------------------------------------------------------------------------------------


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
    """Where every site lists its origins, another one is told at once."""
    bench = Bench(sites=json.dumps({"version": 1, "sites": {"strict": SITES["sites"]["strict"]}}).encode())

    status, body, headers = preflight(bench, "https://evil.example")

    assert (status, body["reason"]) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in headers


def test_options_without_an_origin_lists_the_methods(bench: Bench) -> None:
    status, _, headers = preflight(bench, None)

    assert (status, headers["allow"]) == (200, "POST, OPTIONS")


# --- pixel ---------------------------------------------------------------------------------------------------------


def pixel(bench: Bench, query: str, **headers: str) -> tuple[int, bytes, dict[str, Any]]:
    event = gateway("", method="GET", path="/v1/p.gif", key=None, query=query, headers=headers)
    status, body, answer = bench.post(event)
    assert answer["content-type"] == "image/gif"
    assert answer["cache-control"] == "no-store"
    return status, base64.b64decode(body), answer


def test_a_pixel_is_an_event(bench: Bench) -> None:
    query = (
        f"key={KEY}&event=email_open&event_id={PAGE_VIEW['event_id']}&visitor_id=v1&user_id=u&ts={NOW - 9}"
        "&url=https%3A%2F%2Floja.example%2F%3Fa%3D1&title=Ol%C3%A1&campaign=spring&campaign2="
    )

    status, body, _ = pixel(bench, query)

    assert (status, body) == (200, GIF)
    (record,) = bench.records()
    assert record["visitor_id"] == "v1"
    assert record["events"] == [
        {
            "event_id": PAGE_VIEW["event_id"].lower(),
            "event": "email_open",
            "user_id": "u",
            "ts": NOW - 9,
            "page": {"url": "https://loja.example/?a=1", "title": "Olá"},
            "properties": {"campaign": "spring", "campaign2": ""},
        }
    ]
    RAW.validate(record)


def test_a_bare_pixel_is_a_page_view_of_the_page_it_stands_on(bench: Bench) -> None:
    assert pixel(bench, f"key={KEY}", referer="https://loja.example/x")[0] == 200

    (record,) = bench.records()
    assert record["visitor_kind"] == "cookieless"
    assert record["events"][0]["event"] == "page_view"
    assert record["events"][0]["page"] == {"url": "https://loja.example/x"}


@pytest.mark.parametrize("name", ["", "%21", "%E8%B3%BC%E5%85%A5"])
def test_a_rejected_pixel_is_a_pixel_and_says_why_in_a_header(bench: Bench, name: str) -> None:
    status, body, headers = pixel(bench, f"key={KEY}&event={name}")

    assert (status, body, headers["x-rastro-reason"]) == (200, GIF, "invalid_event")
    assert len(bench.rows()) == 1


@pytest.mark.parametrize("ts", ["soon", "1" * 5000, "\u00b2", "-1"])
def test_an_unreadable_time_costs_a_pixel_only_its_time(bench: Bench, ts: str) -> None:
    assert "x-rastro-reason" not in pixel(bench, f"key={KEY}&ts={ts}")[2]

    (event,) = bench.records()[0]["events"]
    assert (event["ts"], event["repairs"]) == (None, ["ts:unreadable"])
    assert event["properties"]["original"]["ts"] == ts[:1024]


def test_a_refused_pixel_is_a_pixel_with_the_status_of_the_refusal(bench: Bench) -> None:
    status, body, headers = pixel(bench, "key=pk_wrong_key")

    assert (status, body, headers["x-rastro-reason"]) == (401, GIF, "unknown_key")


def test_a_query_with_too_many_fields_is_not_read(bench: Bench) -> None:
    assert pixel(bench, f"key={KEY}&" + "a=1&" * 300)[0] == 401


# --- health --------------------------------------------------------------------------------------------------------


def health(bench: Bench) -> tuple[int, Any, dict[str, Any]]:
    return bench.post(gateway("", method="GET", path="/v1/health", key=None))


def test_health_is_a_record_without_events(bench: Bench) -> None:
    """It proves that the stream takes records, and holds nothing of anybody."""
    assert health(bench)[:2] == (200, {"status": "ok", "sites_version": 1})

    (record,) = bench.records()
    assert record["events"] == []
    assert record["visitor_id"] == "rastro-health"
    RAW.validate(record)


def test_health_is_tried_again_only_after_some_seconds(bench: Bench) -> None:
    """The route is public: it must not be a way to fill the stream."""
    for _ in range(10):
        assert health(bench)[0] == 200
    assert len(bench.stream.calls) == 1
    bench.time.now += 5
    bench.stream.verdict = lambda call, entry: "ProvisionedThroughputExceededException"

    status, body, headers = health(bench)

    assert (status, body["reason"]) == (503, "unavailable")
    assert int(headers["retry-after"]) > 0
    assert health(bench)[0] == 503
    assert len(bench.stream.calls) == 2
    bench.time.now += 5
    bench.stream.verdict = lambda call, entry: None
    assert health(bench)[0] == 200


def test_health_without_sites_is_503() -> None:
    assert health(Bench(sites=b"nope"))[0] == 503
