"""Every answer of the protocol: paths, methods, media types, sizes, origins, the pixel and the health check."""

import base64
import gzip
import json
from typing import Any

import jsonschema_rs
import pytest

from ingest_lambda.adapters.pixel import GIF
from schemas import json_file
from tests.ingest_lambda.doubles import KEY, NOW, PAGE_VIEW, SITES, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))
STRICT = "pk_test_strict_01"
SHOP = "https://shop.example"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/events/", "/v1/events/x", "/V1/events", "/v2/events", "//v1/events"]
)
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
        ("POST", "/v1/p.gif", "GET"),
        ("OPTIONS", "/v1/p.gif", "GET"),
        ("HEAD", "/v1/health", "GET"),
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
    ("headers", "detail"),
    [
        ({"content-type": "application/x-www-form-urlencoded"}, "Content-Type"),
        ({"content-type": "application/cloudevents+json"}, "Content-Type"),
        ({"content-type": "multipart/form-data; boundary=x"}, "Content-Type"),
        ({"content-encoding": "br"}, "Content-Encoding"),
        ({"content-encoding": "gzip, gzip"}, "Content-Encoding"),
        ({"content-encoding": "deflate"}, "Content-Encoding"),
    ],
)
def test_an_unsupported_type_or_encoding_is_415(bench: Bench, headers: dict[str, str], detail: str) -> None:
    status, body, _ = bench.post(gateway(headers=headers))

    assert (status, body["reason"]) == (415, "unsupported_media_type")
    assert detail in body["detail"]


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
    event["body"] = base64.b64encode(b"{}").decode()
    status, body, _ = bench.post(event)
    assert (status, body["reason"]) == (415, "unsupported_media_type")


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
    assert set(headers["access-control-allow-headers"].split(", ")) == {
        "content-type", "content-encoding", "x-rastro-key", "authorization", "anonymousid", "sentat", "x-write-key",
        "x-umami-cache", "sp-anonymous",
    }  # fmt: skip
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


@pytest.mark.parametrize("ts", ["soon", "1" * 5000, "²", "-1"])
def test_a_rejected_pixel_is_a_pixel_and_says_why_in_a_header(bench: Bench, ts: str) -> None:
    status, body, headers = pixel(bench, f"key={KEY}&ts={ts}")

    assert (status, body, headers["x-rastro-reason"]) == (200, GIF, "invalid_event")
    assert len(bench.rows()) == 1


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
