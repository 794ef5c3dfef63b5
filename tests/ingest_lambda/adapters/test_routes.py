"""Other makers' clients through the whole function: keys, answers, secrets, history, and what is stored."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest_lambda.adapters.requests import PROTOCOLS, Protocol, basic, get, post, replayed, shop
from tests.ingest_lambda.adapters.sites import PUBLIC, SECRET
from tests.ingest_lambda.doubles import Bench

WIRE = [
    json.loads(line)
    for line in (Path(__file__).parent / "wire.jsonl").read_text(encoding="utf-8").splitlines()
]
WEEK = 7 * 24 * 3600 * 1000
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)


def events(bench: Bench) -> list[dict[str, Any]]:
    return [event for record in bench.records() for event in record["events"]]


@pytest.mark.parametrize("line", WIRE, ids=[f"{n} {line['client']}" for n, line in enumerate(WIRE)])
def test_a_recorded_request_is_taken(line: dict[str, Any]) -> None:
    line = line | {"url": line["url"].replace("api_secret=s3", f"api_secret={SECRET}")}
    bench = shop()
    sent_about = 1_795_603_400_000

    status, _, _ = bench.post(replayed(line), now=sent_about)

    assert status in {200, 202, 204}
    assert bench.rows() == []
    found = events(bench)
    assert found
    assert all(event["event"] for event in found)


@each_protocol
def test_one_event_is_stored_and_answered_as_the_client_expects(protocol: Protocol) -> None:
    bench = shop()

    status, _, headers = bench.post(protocol.make(PUBLIC, 1))

    assert status == protocol.ok
    assert headers["cache-control"] == "no-store"
    (event,) = events(bench)
    assert event["event_id"]


@each_protocol
def test_an_unknown_key_is_refused_for_good(protocol: Protocol) -> None:
    bench = shop()

    assert bench.post(protocol.make("pk_nobody_has_it", 1))[0] == 401
    assert not bench.stream.calls


@each_protocol
def test_an_outage_is_to_be_repeated(protocol: Protocol) -> None:
    bench = shop()
    bench.stream.verdict = lambda call, record: "ProvisionedThroughputExceededException"

    status, _, headers = bench.post(protocol.make(PUBLIC, 1))

    assert status == 503
    assert headers["retry-after"] == "3"


@each_protocol
def test_a_repeat_is_the_same_event_where_the_protocol_can_say_so(protocol: Protocol) -> None:
    bench = shop()
    for request, n in enumerate((1, 1, 2)):
        sent = protocol.make(PUBLIC, n)
        sent["requestContext"]["requestId"] = f"request-{request}"
        bench.post(sent)

    first, repeat, second = (event["event_id"] for event in events(bench))

    assert first != second
    assert (first == repeat) == (protocol.name not in {"plausible", "umami"})


@each_protocol
def test_a_secret_key_in_a_page_is_refused_and_named(protocol: Protocol) -> None:
    bench = shop()
    sent = protocol.make(SECRET, 1)
    for header in ({"origin": "https://loja.example"}, {"sec-fetch-site": "same-origin"}):
        status, body, _ = bench.post(sent | {"headers": sent["headers"] | header})

        assert status == 403
        if protocol.name != "snowplow get":  # an image says it in a header
            assert body["reason"] == "secret_key_in_browser"
    assert not bench.stream.calls


def test_two_sites_do_not_meet() -> None:
    bench = shop()
    body = {"client_id": "c", "events": [{"name": "a"}]}

    query = "measurement_id=G-OUTRA&api_secret=" + SECRET
    assert bench.post(post("/mp/collect", body, query=query))[0] == 401
    assert bench.post(post("/mp/collect", body, query="measurement_id=G-X&api_secret=wrong"))[0] == 401
    assert not bench.stream.calls


def server_event(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1"} | fields


def test_a_server_speaks_for_its_visitor() -> None:
    bench = shop()
    context = {
        "ip": "200.1.2.3",
        "userAgent": "Mozilla/5.0 (visitor)",
        "userAgentData": {"platform": "Android"},
    }

    bench.post(
        post(
            "/v1/batch",
            {"batch": [server_event(context=context), server_event(messageId="m2")]},
            basic(SECRET),
        )
    )

    first, second = bench.records()
    assert (first["ip"], first["user_agent"]) == ("200.1.2.3", "Mozilla/5.0 (visitor)")
    assert first["headers"] == {"sec_ch_ua_platform": '"Android"'}
    assert (second["ip"], second["user_agent"], second["headers"]) == (None, None, {})
    assert {record["visitor_id"] for record in (first, second)} == {"user:u1"}
    assert all(record["trusted_server"] for record in (first, second))


def test_a_public_key_speaks_for_nobody_else() -> None:
    bench = shop()

    bench.post(
        post(
            "/v1/batch",
            {"batch": [server_event(context={"ip": "200.1.2.3", "userAgent": "x"})]},
            basic(PUBLIC),
        )
    )

    (record,) = bench.records()
    assert (record["ip"], record["user_agent"]) == ("203.0.113.9", "Mozilla/5.0")
    assert record["visitor_id"] == "user:u1"
    assert "trusted_server" not in record
    assert "200.1.2.3" not in json.dumps(record)


def test_servers_events_without_anybody_are_no_one_visitor() -> None:
    bench = shop()

    bench.post(
        post("/v1/batch", {"batch": [server_event(userId=None, messageId=n) for n in "ab"]}, basic(SECRET))
    )

    assert len({record["visitor_id"] for record in bench.records()}) == 2


def test_a_customer_who_refuses_analytics_is_no_visitor_by_name() -> None:
    bench = shop()
    consent = {"consent": {"categoryPreferences": {"Analytics": False}}}

    bench.post(post("/v1/batch", {"batch": [server_event(context=consent)]}, basic(PUBLIC)))

    (record,) = bench.records()
    assert record["visitor_kind"] == "cookieless"
    assert "user:" not in record["visitor_id"]


def history(bench: Bench, key: str, path: str = "/v1/batch", **fields: Any) -> tuple[int, Any]:
    batch = [
        server_event(messageId=f"m{n}", timestamp=f"2026-01-0{day}T10:00:00.000Z", **fields)
        for n, day in enumerate((1, 1, 2))
    ]
    status, body, _ = bench.post(post(path, {"batch": [*batch, server_event(messageId="now")]}, basic(key)))
    return status, body


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import"])
def test_history_goes_to_the_imports_with_its_own_times(path: str) -> None:
    bench = shop(imports_at="s3://lake/imports")

    status, body = history(bench, SECRET, path)

    assert (status, body["accepted"], body["rejected"]) == (200, 4, [])
    assert [event["event"] for event in events(bench)] == ["purchase"]
    (file,) = bench.payloads
    assert file.uri.startswith("s3://lake/imports/dt=2026-11-21/loja-")
    assert file.uri.endswith(".json.gz")
    records = [json.loads(line) for line in gzip.decompress(file.data).splitlines()]
    assert [len(record["events"]) for record in records] == [2, 1]
    for record in records:  # each record by itself is read with the times it has
        assert record["sent_at"] is None
        assert record["trusted_server"] is True
        assert all(0 <= record["received_at"] - event["ts"] < WEEK for event in record["events"])
    assert [record["events"][0]["ts"] for record in records] == [1_767_261_600_000, 1_767_348_000_000]


def test_the_same_history_again_is_the_same_file() -> None:
    bench = shop(imports_at="s3://lake/imports")
    for _ in range(2):
        history(bench, SECRET)

    first, second = bench.payloads
    assert first == second


@pytest.mark.parametrize(("key", "reason"), [(PUBLIC, "secret_key_needed"), (SECRET, "invalid_event")])
def test_history_that_cannot_be_imported_is_refused_and_kept(key: str, reason: str) -> None:
    """With a public key; or where no prefix for imports is set. It is never given another time."""
    bench = shop()

    status, body = history(bench, key)

    assert (status, body["accepted"]) == (200, 1)
    assert [one["reason"] for one in body["rejected"]] == [reason] * 3
    assert json.loads(bench.rows()[0]["payload"])["timestamp"] == "2026-01-01T10:00:00.000Z"


def test_the_path_of_imports_wants_a_secret_key() -> None:
    bench = shop()

    status, body, _ = bench.post(post("/v1/import", {"batch": [server_event()]}, basic(PUBLIC)))

    assert (status, body["reason"]) == (403, "secret_key_needed")


def test_a_wrong_clock_is_no_history() -> None:
    """A device whose clock stands in 2015 sends and happens in 2015."""
    bench = shop()
    message = server_event(timestamp="2015-01-01T10:00:00Z", sentAt="2015-01-01T10:00:05Z")

    bench.post(post("/v1/track", message, basic(PUBLIC)))

    assert len(events(bench)) == 1


def test_a_path_that_a_site_names_speaks_snowplow() -> None:
    bench = shop()
    sent = next(protocol for protocol in PROTOCOLS if protocol.name == "snowplow post").make(PUBLIC, 1)
    named = sent | {"rawPath": "/com.loja/track"}

    assert bench.post(named)[0] == 200
    assert bench.post(sent | {"rawPath": "/com.outra/track"})[0] == 404
    assert json.loads(bench.log_lines[0])["route"] == "postPath"


def test_snowplow_hears_of_no_refusal_that_it_would_repeat_for_ever() -> None:
    tp2 = "/com.snowplowanalytics.snowplow/tp2"
    bodies: list[Any] = [
        "{", "[]", "5", {"data": []}, {"schema": "iglu:com.acme/x/jsonschema/1-0-0", "data": []},
        {"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": {}}, "x" * 1_100_000,
    ]  # fmt: skip
    for body in bodies:
        assert shop().post(post(tp2, body, {"x-rastro-key": PUBLIC}))[0] in {400, 422}


def test_a_browser_of_snowplow_may_send_its_credentials() -> None:
    bench = shop()
    sent = next(protocol for protocol in PROTOCOLS if protocol.name == "snowplow post").make(PUBLIC, 1)
    sent["headers"]["origin"] = "https://loja.example"

    for asked in (sent, sent | {"requestContext": {"http": {"method": "OPTIONS"}}, "body": ""}):
        status, _, headers = bench.post(asked)
        assert status == 200
        assert headers["access-control-allow-origin"] == "https://loja.example"
        assert headers["access-control-allow-credentials"] == "true"


def test_an_anonymous_request_of_snowplow_names_nobody() -> None:
    bench = shop()
    sent = next(protocol for protocol in PROTOCOLS if protocol.name == "snowplow post").make(PUBLIC, 1)
    sent["headers"]["sp-anonymous"] = "*"

    bench.post(sent)

    assert bench.records()[0]["visitor_kind"] == "cookieless"


def test_the_debug_server_says_what_would_be_rejected_and_stores_nothing() -> None:
    bench = shop()
    body = {
        "client_id": "c",
        "events": [{"name": "a"}, {"params": {}}, {"name": "b", "params": {"items": "no"}}],
    }

    status, answer, _ = bench.post(
        post("/debug/mp/collect", body, query=f"measurement_id=G-X&api_secret={SECRET}")
    )

    assert status == 200
    assert {
        "fieldPath": "events[1]",
        "description": "name: an event needs one",
        "validationCode": "INVALID_EVENT",
    } in (answer["validationMessages"])
    assert not bench.stream.calls
    assert not bench.delivery.calls


def test_browsers_find_their_settings() -> None:
    bench = shop()

    status, settings, headers = bench.post(
        get(f"/v1/projects/{PUBLIC}/settings", headers={"origin": "https://l", "host": "e.loja"})
    )
    assert status == 200
    assert settings["integrations"]["Segment.io"]["apiHost"] == "e.loja/v1"
    assert headers["access-control-allow-origin"] == "https://l"

    status, config, _ = bench.post(get("/sourceConfig/", query=f"p=cdn&writeKey={PUBLIC}"))
    assert (status, config["source"]["writeKey"]) == (200, PUBLIC)

    assert bench.post(get("/v1/projects/nobody_has_it/settings"))[0] == 401
    assert not bench.stream.calls


def test_the_original_is_kept_when_a_message_is_rejected() -> None:
    bench = shop()
    bad = {"type": "teleport", "messageId": "m1", "deep": [1]}

    status, body, _ = bench.post(post("/v1/batch", {"batch": [bad, server_event()]}, basic(PUBLIC)))

    assert (status, body["accepted"]) == (200, 1)
    assert json.loads(bench.rows()[0]["payload"]) == bad


def test_an_empty_batch_is_a_success() -> None:
    bench = shop()

    assert bench.post(post("/v1/batch", {"batch": []}, basic(PUBLIC)))[1]["success"] is True
    assert (
        bench.post(post("/mp/collect", {"client_id": "c", "events": []}, query="measurement_id=G-X"))[0]
        == 204
    )
