"""Paths, methods and queries: every one has an answer in JSON."""

import jsonschema_rs
import pytest

from ingest_lambda.http.request import from_gateway
from schemas import json_file
from tests.ingest_lambda.doubles import KEY, NOW, Bench, gateway

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


@pytest.mark.parametrize("path", ["/v1/health", "/v1/p.gif"])
def test_head_is_get_without_a_body_and_without_an_event(bench: Bench, path: str) -> None:
    """Monitors ask so; a link checker's HEAD is no view of a mail."""
    request = from_gateway(gateway("", method="HEAD", path=path, query=f"key={KEY}"), "id")
    answer = bench.app.answer(request, NOW, 1e9).to_gateway()

    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, "", False)
    assert not [event for record in bench.records() for event in record["events"]]
    request = from_gateway(gateway("", method="HEAD", path="/v1/p.gif", key="pk_wrong_key"), "id")
    assert bench.app.answer(request, NOW, 1e9).to_gateway()["statusCode"] == 401
