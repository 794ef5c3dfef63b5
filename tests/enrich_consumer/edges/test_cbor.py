"""PutRecords in CBOR: what goes out is what AWS's Java SDK sends, and its answers are understood."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import cbor2
import pytest
from botocore.config import Config

from enrich_consumer.core.emit import Packed
from enrich_consumer.edges.aws.cbor import MEDIA_TYPE, CborPuts
from enrich_consumer.edges.aws.sinks import KinesisSink
from enrich_consumer.ports import PutRefusedError

JAVA = bytes.fromhex(
    "bf675265636f7264739fbf6444617461487b2261223a317d0a6f4578706c69636974486173684b657978273236353834353539393135"
    "363938333137343538303736313431323035363036383931353230306c506172746974696f6e4b6579626338ffff6a53747265616d4e"
    "616d6568656e726963686564ff"
)
"""The body of PutRecords by software.amazon.awssdk:kinesis 2.33.0 (in KCL's jars), taken from the wire: stream
`enriched`, one record of a JSON line, partition key and explicit hash key. Content type and X-Amz-Target were
those below."""

TAKEN = {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "shardId-0"}]}
SLOW = {
    "FailedRecordCount": 1,
    "Records": [{"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"}],
}


class Service(ThreadingHTTPServer):
    """Answers calls with `answers` in their order and keeps the calls."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, object]] = []
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.refuses_cbor = 0
        """Status with which CBOR is refused; 0: it is taken."""


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(({name.lower(): text for name, text in self.headers.items()}, body))
        kind = self.headers["Content-Type"]
        value: object
        if kind == MEDIA_TYPE and self.server.refuses_cbor:
            status, value, kind = (
                self.server.refuses_cbor,
                {"__type": "SerializationException"},
                "application/x-amz-json-1.1",
            )
        else:
            status, value = self.server.answers.pop(0)
        out = cbor2.dumps(value) if kind == MEDIA_TYPE else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _sink(service: Service) -> KinesisSink:
    client = boto3.client(
        "kinesis",
        endpoint_url=f"http://127.0.0.1:{service.server_port}",
        region_name="sa-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"max_attempts": 0}, parameter_validation=False),
    )
    return KinesisSink(client, "enriched", cbor=CborPuts(client))


def _wave() -> list[list[Packed]]:
    return [[Packed(200, b'{"a":1}\n', 1)]]


def test_the_body_says_what_the_java_sdks_says(service):
    service.answers = [(200, TAKEN)]
    _sink(service).put(_wave())
    ((headers, body),) = service.calls
    assert cbor2.loads(body) == cbor2.loads(JAVA)
    assert headers["content-type"] == "application/x-amz-cbor-1.1"
    assert headers["x-amz-target"] == "Kinesis_20131202.PutRecords"
    assert "content-type" in headers["authorization"]  # signed


def test_refused_records_are_put_again(service):
    service.answers = [(200, SLOW), (200, TAKEN)]
    sink = _sink(service)
    sink.put(_wave())
    assert sink.counts["put_retries"] == 1
    assert service.calls[0][1] == service.calls[1][1]


def test_an_error_is_named_by_its_code(service):
    code = "com.amazonaws.kinesis.v20131202#ResourceNotFoundException"
    service.answers = [(400, {"__type": code, "message": "Stream enriched not found"})]
    with pytest.raises(PutRefusedError, match=r"ResourceNotFoundException.*Stream enriched not found"):
        _sink(service).put(_wave())


@pytest.mark.parametrize("status", [400, 415])
def test_a_service_without_cbor_gets_json_at_once_and_for_good(service, status):
    service.refuses_cbor = status
    service.answers = [(200, TAKEN), (200, SLOW), (200, TAKEN)]
    sink = _sink(service)
    sink.put(_wave())
    sink.put(_wave())
    kinds = [headers["content-type"] for headers, _ in service.calls]
    assert kinds == ["application/x-amz-cbor-1.1", *["application/x-amz-json-1.1"] * 3]
    record = json.loads(service.calls[1][1])["Records"][0]
    assert base64.b64decode(record["Data"]) == b'{"a":1}\n'
    assert sink.counts["cbor_refused"] == 1  # counted once, as a metric
    assert sink.counts["put_retries"] == 1  # of the slow answer, not of the change of format


def test_a_refusal_that_json_meets_too_is_not_the_formats(service):
    service.answers = [(400, {"__type": "ValidationException", "message": "bad key"})] * 2 + [(200, TAKEN)]
    sink = _sink(service)
    with pytest.raises(PutRefusedError, match="bad key"):
        sink.put(_wave())
    sink.put(_wave())
    assert [headers["content-type"][-8:] for headers, _ in service.calls] == [
        "cbor-1.1",
        "json-1.1",
        "cbor-1.1",
    ]
    assert sink.counts["cbor_refused"] == 0


def test_throttling_is_no_reason_to_leave_cbor(service):
    code = "ProvisionedThroughputExceededException"
    service.answers = [(400, {"__type": code, "message": "slow"}), (200, TAKEN)]
    sink = _sink(service)
    sink.put(_wave())
    assert {headers["content-type"] for headers, _ in service.calls} == {MEDIA_TYPE}
