"""mitmproxy's addon: what goes wrong between a part and AWS. Runs in mitmproxy's own environment, so it imports nothing
of the project.

Rules are JSON, put to `PUT http://the-proxy/_faults` as a list; `GET` gives what happened so far. A rule:

    service     kinesis, s3, dynamodb, firehose, ssm: as the request's signature names it
    operation   the end of X-Amz-Target or the HTTP method; empty for every operation
    contains    text in the path or the body, for example a stream's name; empty for every request
    kind        refuse     the connection ends without an answer, and nothing was done
                slow       the answer comes after `seconds`
                error      500, and nothing was done
                throttle   the service's own words for: too fast; nothing was done
                partial    every second record of a batch is throttled, the others are stored
                cut        done, but the connection ends in the middle of the answer
    seconds     for slow
    every       1: each matching request, 2: every second one, ...

A route sends requests of a service that name, or do not name, a text to another URL:
{"service": "kinesis", "without": "enriched", "to": "127.0.0.1:4567"}.
"""

import asyncio
import json
import time
from collections import Counter, defaultdict
from typing import Any

import cbor2
from mitmproxy import http
from mitmproxy.proxy import layer

THROTTLE = {
    "kinesis": "ProvisionedThroughputExceededException",
    "dynamodb": "ProvisionedThroughputExceededException",
    "firehose": "ServiceUnavailableException",
    "ssm": "ThrottlingException",
    "events": "ThrottlingException",
}
RECORDS = {"PutRecords": "Records", "PutRecordBatch": "RequestResponses"}


class Faults:
    """One request after the other; counts what it did by (service, operation, kind)."""

    def __init__(self) -> None:
        self.rules: list[dict[str, Any]] = []
        self.routes: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.seen: Counter[int] = Counter()

    def next_layer(self, found: layer.NextLayer) -> None:
        """KCL speaks HTTP/2 from the first byte, without TLS, which mitmproxy does not expect."""
        if found.data_client().startswith(b"PRI * HTTP/2.0"):
            found.context.client.alpn = b"h2"

    async def request(self, flow: http.HTTPFlow) -> None:
        if flow.request.path == "/_faults":
            self._control(flow)
            return
        service, operation = _service(flow), _operation(flow)
        text = flow.request.path.encode() + (flow.request.raw_content or b"")
        self._route(flow, service, text)
        self.counts[f"{service} {operation} all"] += 1
        for number, rule in enumerate(self.rules):
            if rule["service"] != service or not operation.endswith(rule.get("operation", "")):
                continue
            if rule.get("contains", "").encode() not in text:
                continue
            self.seen[number] += 1
            if self.seen[number] % rule.get("every", 1):
                continue
            name = f"{service} {operation} {rule['kind']} {rule.get('contains', '')}".strip()
            self.counts[name] += 1
            self.times[name].append(time.time())
            await self._hurt(flow, service, operation, rule)
            return

    def response(self, flow: http.HTTPFlow) -> None:
        assert flow.response is not None
        if flow.metadata.get("cut"):
            body = flow.response.raw_content or b""
            flow.response.raw_content = body[: len(body) // 2]
            flow.response.headers["content-length"] = str(max(len(body), 1))
            flow.response.headers["connection"] = "close"
        refused = flow.metadata.get("refused")
        if refused is not None and flow.response.status_code == 200:
            _refuse_records(flow.response, *refused)

    async def _hurt(self, flow: http.HTTPFlow, service: str, operation: str, rule: dict[str, Any]) -> None:
        kind = rule["kind"]
        if kind == "refuse":
            flow.kill()
        elif kind == "slow":
            await asyncio.sleep(rule.get("seconds", 5.0))
        elif kind == "error":
            flow.response = _error(service, 500, "InternalFailure", "InternalError")
        elif kind == "throttle":
            status = 500 if service == "firehose" else 400
            flow.response = _error(service, status, THROTTLE.get(service, ""), "SlowDown")
        elif kind == "cut":
            flow.metadata["cut"] = True
        elif kind == "partial":
            self._partial(flow, operation)

    def _partial(self, flow: http.HTTPFlow, operation: str) -> None:
        """Leave every second record out of the request, and say so in the answer."""
        is_cbor = "cbor" in flow.request.headers.get("content-type", "")
        raw = flow.request.raw_content or b""
        body = cbor2.loads(raw) if is_cbor else json.loads(raw)
        records = body["Records"]
        out = list(range(0, len(records), 2))
        half = [record for i, record in enumerate(records) if i % 2]
        if not half:
            answer = {
                RECORDS[operation]: [_throttled(operation)] * len(records),
                "FailedRecordCount": len(records),
            }
            if operation == "PutRecordBatch":
                answer["FailedPutCount"] = answer.pop("FailedRecordCount")
            flow.response = _answer(answer, is_cbor)
            return
        body["Records"] = half
        flow.request.content = cbor2.dumps(body) if is_cbor else json.dumps(body).encode()
        flow.metadata["refused"] = (operation, out, is_cbor)

    def _route(self, flow: http.HTTPFlow, service: str, text: bytes) -> None:
        for route in self.routes:
            if route["service"] == service and route["without"].encode() not in text:
                flow.request.host, _, port = route["to"].partition(":")
                flow.request.port = int(port)

    def _control(self, flow: http.HTTPFlow) -> None:
        if flow.request.method == "PUT":
            document = json.loads(flow.request.content or b"{}")
            self.rules, self.routes = document["rules"], document.get("routes", self.routes)
            self.seen.clear()
        flow.response = http.Response.make(
            200,
            json.dumps({"counts": self.counts, "times": self.times}),
            {"content-type": "application/json"},
        )


def _service(flow: http.HTTPFlow) -> str:
    """Out of the signature: `Credential=key/day/region/service/aws4_request`."""
    _, _, scope = flow.request.headers.get("authorization", "").partition("Credential=")
    parts = scope.partition(",")[0].split("/")
    return parts[3] if len(parts) > 3 else "s3"


def _operation(flow: http.HTTPFlow) -> str:
    target = flow.request.headers.get("x-amz-target", "")
    return str(target.rpartition(".")[2] or flow.request.method)


def _throttled(operation: str) -> dict[str, Any]:
    code = (
        "ProvisionedThroughputExceededException"
        if operation == "PutRecords"
        else "ServiceUnavailableException"
    )
    return {"ErrorCode": code, "ErrorMessage": "made by the test"}


def _refuse_records(response: http.Response, operation: str, out: list[int], is_cbor: bool) -> None:
    raw = response.raw_content or b""
    in_cbor = is_cbor and "cbor" in response.headers.get("content-type", "")
    body = cbor2.loads(raw) if in_cbor else json.loads(raw)
    stored = iter(body[RECORDS[operation]])
    count = len(out) + len(body[RECORDS[operation]])
    body[RECORDS[operation]] = [_throttled(operation) if i in out else next(stored) for i in range(count)]
    body["FailedRecordCount" if operation == "PutRecords" else "FailedPutCount"] = len(out)
    response.content = cbor2.dumps(body) if in_cbor else json.dumps(body).encode()


def _answer(body: dict[str, Any], is_cbor: bool) -> http.Response:
    if is_cbor:
        return http.Response.make(200, cbor2.dumps(body), {"content-type": "application/x-amz-cbor-1.1"})
    return http.Response.make(200, json.dumps(body), {"content-type": "application/x-amz-json-1.1"})


def _error(service: str, status: int, code: str, s3_code: str) -> http.Response:
    if service == "s3":
        text = f"<Error><Code>{s3_code}</Code><Message>made by the test</Message></Error>"
        return http.Response.make(
            500 if s3_code == "InternalError" else 503, text, {"content-type": "application/xml"}
        )
    document = json.dumps({"__type": code, "message": "made by the test"})
    headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
    return http.Response.make(status, document, headers)


addons = [Faults()]
