"""The edge to AWS's JSON protocol, against a server of this process; signatures against the SDK's own."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials

from ingest_lambda.aws.client import Aws, AwsError, NoResponse, Service
from ingest_lambda.aws.put_all import PutRefused
from ingest_lambda.aws.senders import delivery_sender, stream_sender
from ingest_lambda.aws.sigv4 import Credentials, signed
from ingest_lambda.events.raw_records import StreamRecord
from tests.ingest_lambda.doubles import FakeTime

AT = 1_795_296_000.0  # 2026-11-21T21:20:00Z


class Peer(ThreadingHTTPServer):
    """Answers with what `script` holds, one item a request: (status, body), "hang up" or "sleep"."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answerer)
        self.script: list[Any] = []
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.connections: set[tuple[str, int]] = set()

    def handle_error(self, *_: Any) -> None:
        """A hang-up is part of the script."""


class Answerer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Peer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.connections.add(self.client_address)
        self.server.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
        step = self.server.script.pop(0)
        if step == "hang up":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if step == "sleep":
            time.sleep(0.5)
            step = (200, {})
        status, document = step
        answer = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = isinstance(document, dict) and document.get("close", False)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def peer() -> Iterator[Peer]:
    server = Peer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ticks() -> FakeTime:
    return FakeTime()


@pytest.fixture
def kinesis(peer: Peer, ticks: FakeTime) -> Iterator[Service]:
    env = {
        "AWS_REGION": "sa-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{peer.server_port}",
    }
    service = Service("kinesis", "Kinesis_20131202", Aws.from_env(env), lambda: AT, lambda: ticks.now)
    yield service
    service.close()


@pytest.mark.parametrize("token", ["", "a session token/+="])
@pytest.mark.parametrize("body", [b"", b"{}", b"\x00\xff" * 500])
@pytest.mark.parametrize("region", ["sa-east-1", "cn-north-1"])
def test_a_signature_is_the_one_the_sdk_makes(
    monkeypatch: pytest.MonkeyPatch, token: str, body: bytes, region: str
) -> None:
    headers = {
        "host": f"kinesis.{region}.amazonaws.com",
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "Kinesis_20131202.PutRecords",
    }
    request = AWSRequest("POST", f"https://{headers['host']}/", dict(headers), body)
    request.context["timestamp"] = "20261121T212000Z"
    sdk = SigV4Auth(SdkCredentials("AKID", "SECRET", token or None), "kinesis", region)
    monkeypatch.setattr(sdk, "_modify_request_before_signing", lambda _: None)
    request.headers["X-Amz-Date"] = "20261121T212000Z"
    if token:
        request.headers["X-Amz-Security-Token"] = token
    text = sdk.string_to_sign(request, sdk.canonical_request(request))

    ours = signed(headers, body, "kinesis", region, Credentials("AKID", "SECRET", token), "20261121T212000Z")

    assert ours["authorization"].endswith(f"Signature={sdk.signature(text, request)}")


def test_a_call_names_its_target_time_and_token(peer: Peer, kinesis: Service) -> None:
    peer.script = [(200, {"Records": []})]

    assert kinesis.call("PutRecords", {"StreamName": "raw"}) == {"Records": []}
    ((headers, body),) = peer.seen
    assert headers["x-amz-target"] == "Kinesis_20131202.PutRecords"
    assert headers["x-amz-date"] == "20261121T212000Z"
    assert headers["x-amz-security-token"] == "token"
    assert "Credential=AKIDEXAMPLE/20261121/sa-east-1/kinesis/aws4_request" in headers["authorization"]
    assert json.loads(body) == {"StreamName": "raw"}


def test_one_connection_serves_many_calls(peer: Peer, kinesis: Service) -> None:
    peer.script = [(200, {})] * 3
    for _ in range(3):
        kinesis.call("X", {})

    assert len(peer.connections) == 1


def test_a_connection_that_the_other_side_closed_is_noticed_before_it_is_used(
    peer: Peer, kinesis: Service
) -> None:
    """Otherwise a call after a pause would fail, and its repetition could store twice."""
    peer.script = [(200, {"close": True}), (200, {})]
    kinesis.call("X", {})
    time.sleep(0.05)
    kinesis.call("X", {})

    assert len(peer.connections) == 2


def test_a_connection_that_was_idle_long_is_not_used_again(
    peer: Peer, kinesis: Service, ticks: FakeTime
) -> None:
    peer.script = [(200, {}), (200, {})]
    kinesis.call("X", {})
    ticks.now += 60
    kinesis.call("X", {})

    assert len(peer.connections) == 2


@pytest.mark.parametrize(
    ("status", "document", "code"),
    [
        (400, {"__type": "ResourceNotFoundException"}, "ResourceNotFoundException"),
        (400, {"__type": "com.amazonaws.kinesis#LimitExceededException"}, "LimitExceededException"),
        (400, {"__type": "ThrottlingException:http://x/"}, "ThrottlingException"),
        (500, {"message": "?"}, "Http500"),
        (503, b"<html>", "Http503"),
        (502, b"", "Http502"),
        (400, [], "Http400"),
        (400, {"__type": 5}, "Http400"),
    ],
)
def test_an_error_has_the_services_name(
    peer: Peer, kinesis: Service, status: int, document: Any, code: str
) -> None:
    peer.script = [(status, document)]

    with pytest.raises(AwsError) as raised:
        kinesis.call("PutRecords", {})
    assert raised.value.code == code
    assert str(raised.value) == f"PutRecords: {code}"


def test_no_answer_in_time_is_no_answer_and_the_next_call_has_a_new_connection(
    peer: Peer, kinesis: Service
) -> None:
    peer.script = [(200, {}), "sleep", (200, {"ok": 1})]
    kinesis.call("X", {}, seconds=3.0)

    with pytest.raises(NoResponse, match="TimeoutError"):
        kinesis.call("X", {}, seconds=0.1)
    assert kinesis.call("X", {}) == {"ok": 1}


def test_a_broken_or_refused_connection_is_no_answer(peer: Peer, kinesis: Service) -> None:
    peer.script = ["hang up"]
    with pytest.raises(NoResponse):
        kinesis.call("X", {})
    aws = Aws("x", Credentials("a", "b"), lambda _: "http://127.0.0.1:1")
    with pytest.raises(NoResponse, match="ConnectionRefusedError"):
        Service("kinesis", "K", aws, time.time, time.monotonic).call("X", {})


def test_stream_and_delivery_give_one_code_per_entry(peer: Peer, kinesis: Service) -> None:
    entries = [StreamRecord("s/a", b"1"), StreamRecord("s/b", b"2")]
    peer.script = [
        (
            200,
            {
                "FailedRecordCount": 1,
                "Records": [{"ErrorCode": "Slow", "ErrorMessage": "?"}, {"ShardId": "0"}],
            },
        ),
        (200, {"RequestResponses": [{"RecordId": "1"}, {"ErrorCode": "ServiceUnavailableException"}]}),
        (400, {"__type": "ProvisionedThroughputExceededException"}),
        "hang up",
        (400, {"__type": "AccessDeniedException"}),
    ]
    send = stream_sender(kinesis, "raw")

    assert send(entries, 1.0) == ["Slow", None]
    assert delivery_sender(kinesis, "r")([b"1\n", b"2\n"], 1.0) == [None, "ServiceUnavailableException"]
    assert send(entries, 1.0) == ["ProvisionedThroughputExceededException"] * 2
    assert len(set(send(entries, 1.0))) == 1
    with pytest.raises(PutRefused, match="PutRecords: AccessDeniedException"):
        send(entries, 1.0)
    assert json.loads(peer.seen[0][1])["Records"][0] == {"Data": "MQ==", "PartitionKey": "s/a"}


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({"AWS_REGION": "sa-east-1"}, "https://kinesis.sa-east-1.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "https://kinesis.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_KINESIS": "http://y"}, "http://y"),
        ({"AWS_ENDPOINT_URL": "http://x"}, "http://x"),
    ],
)
def test_where_a_service_is(env: dict[str, str], url: str) -> None:
    assert Aws.from_env(env).endpoint("kinesis") == url
