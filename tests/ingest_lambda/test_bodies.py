"""Bodies: media types, forms, gzip, base64, sizes."""

import base64
import gzip
import json

import jsonschema_rs
import pytest

from schemas import json_file
from tests.ingest_lambda.doubles import KEY, PAGE_VIEW, Bench, gateway

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))


STRICT = "pk_test_strict_01"


SHOP = "https://shop.example"


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


def test_a_gzip_body_may_have_several_members(bench: Bench) -> None:
    """pigz and appended files make them; archivers fill up with zeros."""
    text = json.dumps([PAGE_VIEW]).encode()
    body = gzip.compress(text[:10]) + gzip.compress(text[10:]) + b"\0" * 100

    assert bench.post(gateway(body, headers={"content-encoding": "gzip"}))[0] == 202
    many = b"".join(gzip.compress(text[n : n + 1]) for n in range(len(text))) + gzip.compress(b"") * 400
    assert bench.post(gateway(many, headers={"content-encoding": "gzip"}))[1]["reason"] == "not_json"


def test_json_that_a_proxy_unpacked_without_saying_so_is_taken(bench: Bench) -> None:
    assert bench.post(gateway(headers={"content-encoding": "gzip"}))[0] == 202


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
def test_gzip_that_was_read_as_text_is_answered_with_the_remedy(bench: Bench, encoding: str) -> None:
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
