"""Anything at all through the whole function: an answer that is allowed, and every event accounted for.

A small run in each test run; RASTRO_SOAK=1 makes it a hundred times longer.
"""

import base64
import gzip
import json
import os
from collections import Counter
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import json_file
from tests.ingest_lambda.doubles import KEY, Bench, gateway

RUNS = 20_000 if os.environ.get("RASTRO_SOAK") else 200
RAW = jsonschema_rs.validator_for(json_file("raw.schema.json"), validate_formats=True)
FIELDS = [
    *json_file("event.schema.json")["properties"],
    "sent_at",
    "events",
    "items",
    "url",
    "title",
    "price",
]
ANSWERS = {200, 202, 400, 401, 403, 404, 405, 413, 415}

profile = settings(
    max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

text = st.text(max_size=30) | st.text(st.characters(codec=None, categories=("Cs", "Cc", "Zl")), max_size=4)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
    | st.sampled_from(["page_view", "2026-11-21T21:20:00Z", "0b9c1e8a-7c0f-4e8e-9d7e-0a1b2c3d4e5f", "v1"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(FIELDS) | text, inner, max_size=8)
    ),
    max_leaves=30,
)
likely = st.fixed_dictionaries(
    {"event": st.sampled_from(["page_view", "purchase", "Not A Name", "?"])},
    optional={name: values for name in FIELDS if name != "event"},
)
events = likely | values
bodies = (
    events.map(json.dumps)
    | st.lists(events, max_size=8).map(json.dumps)
    | st.builds(
        lambda all_, at: json.dumps({"sent_at": at, "events": all_}), st.lists(events, max_size=8), values
    )
).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=200)


def check(bench: Bench, event: dict[str, Any]) -> None:
    status, body, _ = bench.post(event)

    assert status in ANSWERS
    stored = Counter(one["event_id"] for record in bench.records() for one in record["events"])
    if status == 202:
        assert body["accepted"] == stored.total()
        assert len(body["rejected"]) == len(bench.rows())
        assert [one["reason"] for one in body["rejected"]] == [row["reason"] for row in bench.rows()]
    elif status != 200:
        assert not stored
        assert not bench.rows()
    for record in bench.records():
        RAW.validate(record)
    for line in bench.log_lines:
        json.loads(line)


@profile
@given(
    body=bodies, gzipped=st.booleans(), media=st.sampled_from(["application/json", "text/plain", "", "a/b"])
)
def test_any_body(body: bytes, gzipped: bool, media: str) -> None:
    check(Bench(), gateway(body, gzipped=gzipped, headers={"content-type": media}))


@profile
@given(body=bodies, cut=st.integers(0, 300), flip=st.integers(0, 255), at=st.integers(0, 300))
def test_any_damage_to_a_gzip_body(body: bytes, cut: int, flip: int, at: int) -> None:
    packed = bytearray(gzip.compress(body))
    packed[at % len(packed)] ^= flip
    check(Bench(), gateway(bytes(packed[: len(packed) - cut % 20]), headers={"content-encoding": "gzip"}))


@profile
@given(
    method=st.sampled_from(["GET", "POST", "OPTIONS", "HEAD"]) | text,
    path=st.sampled_from(["/v1/events", "/v1/p.gif", "/v1/health"]) | text,
    query=st.dictionaries(
        st.sampled_from(["key", "event", "ts", "url", "visitor_id"]) | text, text | st.just(KEY), max_size=6
    ),
    headers=st.dictionaries(
        st.sampled_from(
            ["origin", "user-agent", "referer", "content-type", "content-encoding", "dnt", "sec-gpc"]
        ),
        text | st.sampled_from(["1", "gzip", "text/plain", "https://a.example"]),
    ),
    key=st.none() | st.just(KEY) | text,
    ip=text | st.ip_addresses().map(str),
    body=bodies,
    base64d=st.booleans(),
)
def test_any_request(
    method: str,
    path: str,
    query: dict[str, str],
    headers: dict[str, str],
    key: str | None,
    ip: str,
    body: bytes,
    base64d: bool,
) -> None:
    joined = "&".join(f"{name}={value}" for name, value in query.items())
    event = gateway(method=method, path=path, query=joined, headers=headers, key=key, ip=ip)
    event["body"] = base64.b64encode(body).decode() if base64d else body.decode("utf-8", "replace")
    event["isBase64Encoded"] = base64d
    check(Bench(), event)


@profile
@given(
    absent=st.sets(st.sampled_from(["headers", "requestContext", "rawPath", "rawQueryString", "body"])),
    empty=st.sets(st.sampled_from(["headers", "requestContext"])),
)
def test_any_hole_in_the_gateways_event(absent: set[str], empty: set[str]) -> None:
    event = gateway() | {name: {} for name in empty} | dict.fromkeys(absent)
    check(Bench(), event)
