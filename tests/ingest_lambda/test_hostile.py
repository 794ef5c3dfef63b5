"""What tries to hurt has a defined answer, takes bounded memory, and loses nobody's event."""

import json
import tracemalloc
from typing import Any

import jsonschema_rs
import pytest

from schemas import json_file
from tests.ingest_lambda.doubles import PAGE_VIEW, Bench, gateway
from tests.ingest_lambda.hostile import ATTACKS, MIB, Attack

RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"))
MOST_MEMORY = 96 * MIB  # the function has 512


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_it_has_one_answer_and_bounded_memory(bench: Bench, attack: Attack) -> None:
    event = attack.make()
    tracemalloc.start()
    status, body, _ = bench.post(event)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert status == attack.status
    reason = body["reason"] if status != 202 else next((one["reason"] for one in body["rejected"]), None)
    assert reason == attack.reason
    assert peak < MOST_MEMORY + len(event["body"])
    assert len(json.dumps(body)) < 1000
    for record in bench.records():
        RAW.validate(record)
        assert len(json.dumps(record)) < 400_000
    for line in bench.log_lines:
        assert line.count(b"\n") == 1
        assert len(line) < 2000


@pytest.mark.parametrize("agent", [None, "", " ", "\u0000", "=1+1", "é" * 3000, "Mozilla/5.0 (\ud83d)"])
def test_an_odd_or_missing_user_agent_costs_no_event(bench: Bench, agent: str | None) -> None:
    event = gateway([PAGE_VIEW, {"event": "x"}], headers={} if agent is None else {"user-agent": agent})
    if agent is None:
        del event["headers"]["user-agent"]

    assert bench.post(event)[:2] == (202, {"accepted": 2, "rejected": []})
    stored = bench.records()[0]["user_agent"]
    assert stored is None if agent is None else len(stored) <= 2048


def test_text_is_kept_as_it_is(bench: Bench) -> None:
    """Formula-looking and control characters are data; who exports to a spreadsheet must escape there."""
    title = "=1+1\t\u0000\u001b\u2028é😀"
    bench.post(gateway(PAGE_VIEW | {"page": {"title": title}, "search_term": '@x","y'}))

    (event,) = bench.records()[0]["events"]
    assert (event["page"]["title"], event["search_term"]) == (title, '@x","y')


def test_half_a_surrogate_pair_becomes_the_replacement_character(bench: Bench) -> None:
    body = r'{"event":"purchase","visitor_id":"v","page":{"title":"caf\u00e9 \ud83d\ude00 \ud83d"},"a":"\\ud83d"}'

    assert bench.post(gateway(body))[1]["accepted"] == 1
    (event,) = bench.records()[0]["events"]
    assert event["page"]["title"] == "café 😀 �"
    assert event["properties"] == {"a": r"\ud83d"}


@pytest.mark.parametrize(
    "text", ["\n", "\r\n", '\n{"level":"error","message":"forged"}', "\u2028", "\x1b[2J"]
)
def test_nothing_can_forge_a_log_line(bench: Bench, text: str) -> None:
    """What a client sends reaches no log at all; what comes from API Gateway is escaped."""
    events = [PAGE_VIEW | {"event": text}, PAGE_VIEW | {"x" + text: 1}, {"event_id": text}]
    for event in (
        gateway(events, headers={"user-agent": text, "referer": text}),
        gateway(key=text),
        gateway(path="/" + text),
        gateway(method=text),
        gateway(request_id="id" + text),
        gateway(headers={"content-type": text}),
    ):
        bench.post(event)

    for line in bench.log_lines:
        assert line.endswith(b"\n")
        document = json.loads(line)
        document.pop("request_id", None)
        assert b"forged" not in json.dumps(document).encode()


@pytest.mark.parametrize(
    "missing", ["headers", "requestContext", "rawPath", "rawQueryString", "body", "isBase64Encoded"]
)
@pytest.mark.parametrize("value", ["absent", None])
def test_a_gateway_event_with_holes_is_answered(bench: Bench, missing: str, value: Any) -> None:
    event = gateway()
    if value == "absent":
        del event[missing]
    else:
        event[missing] = value

    assert bench.post(event)[0] in {202, 400, 401, 405}


def test_a_fault_of_ours_is_a_503_that_tells_where_and_not_what(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was promised, so the client may try again; the message of the fault may hold its data."""

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("secret payload")

    monkeypatch.setattr("ingest_lambda.events.accept.normalise", broken)
    status, body, headers = bench.post(gateway(headers={"origin": "https://a.example"}))

    assert (status, body["reason"], headers["access-control-allow-origin"]) == (
        503,
        "unavailable",
        "https://a.example",
    )
    line = json.loads(bench.log_lines[0])
    assert line["InternalErrors"] == 1
    assert line["cause"].startswith("internal_error: ValueError at test_hostile.py:")
    assert b"secret payload" not in b"".join(bench.log_lines)
