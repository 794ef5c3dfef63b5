"""A gateway request in one line, an app over a stream in memory, and the sites they share."""

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest_lambda.app import App
from ingest_lambda.aws.put_all import Clock
from ingest_lambda.aws.refreshing import Refreshing
from ingest_lambda.events.raw_records import StreamRecord
from ingest_lambda.events.rejected_rows import Payload
from ingest_lambda.http.request import from_gateway
from schemas import parse_sites

NOW = 1_795_296_000_123  # 2026-11-21T21:20:00.123Z
KEY = "pk_test_loja_0001"
SITES: dict[str, Any] = {
    "version": 1,
    "sites": {
        "loja": {"keys": [KEY, "pk_test_loja_0002"], "ip_policy": "full"},
        "strict": {
            "keys": ["pk_test_strict_01"],
            "origins": ["https://Shop.example", "https://www.shop.example"],
            "allow_credentials": True,
            "ip_policy": "none",
            "cookieless": False,
            "honour_dnt": True,
            "max_events": 3,
            "max_body_bytes": 2048,
            "max_event_bytes": 1024,
        },
    },
}
PAGE_VIEW = {"event_id": "0B9C1E8A-7C0F-4E8E-9D7E-0A1B2C3D4E5F", "event": "page_view", "visitor_id": "v1"}


def gateway(
    body: Any = PAGE_VIEW,
    *,
    method: str = "POST",
    path: str = "/v1/events",
    query: str = "",
    headers: dict[str, str] | None = None,
    key: str | None = KEY,
    ip: str = "203.0.113.9",
    gzipped: bool = False,
    request_id: str = "request-1",
) -> dict[str, Any]:
    """An HTTP API event; a `body` that is neither text nor bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    sent = {"content-type": "application/json", "user-agent": "Mozilla/5.0"}
    if key is not None:
        sent["x-rastro-key"] = key
    if gzipped:
        raw = gzip.compress(raw)
        sent["content-encoding"] = "gzip"
    sent |= headers or {}
    try:
        text, is_base64 = raw.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(raw).decode(), True
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": sent,
        "requestContext": {
            "requestId": request_id,
            "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": ip},
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


@dataclass
class FakeTime:
    """A clock that moves only when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep, lambda: 1.0)


Verdict = Callable[[int, Any], str | None]


@dataclass
class FakeTarget:
    """Where entries are put. `verdict(call number, entry)` gives an error code; by default all is stored."""

    verdict: Verdict = lambda call, entry: None
    stored: list[Any] = field(default_factory=list)
    calls: list[list[Any]] = field(default_factory=list)

    def send(self, entries: Sequence[Any], seconds: float) -> list[str | None]:
        self.calls.append(list(entries))
        codes = [self.verdict(len(self.calls), entry) for entry in entries]
        self.stored += [entry for entry, code in zip(entries, codes, strict=True) if code is None]
        return codes


@dataclass
class Bench:
    """An app with everything outside it in memory."""

    time: FakeTime = field(default_factory=FakeTime)
    stream: FakeTarget = field(default_factory=FakeTarget)
    delivery: FakeTarget = field(default_factory=FakeTarget)
    sites: bytes = json.dumps(SITES).encode()
    secret: bytes = b"a secret of the tests"
    viewer_header: str | None = None
    payloads: list[Payload] = field(default_factory=list)
    payloads_at: str | None = None
    imports_at: str | None = None
    log_lines: list[bytes] = field(default_factory=list)
    app: App = field(init=False)

    def __post_init__(self) -> None:
        self.app = App(
            sites=Refreshing(lambda: self.sites, parse_sites, lambda error: None),
            secret=Refreshing(lambda: self.secret, bytes.strip, lambda error: None),
            to_stream=self.stream.send,
            to_rejected=self.delivery.send,
            to_payloads=self.payloads.append,
            write_log=self.log_lines.append,
            clock=self.time.clock(),
            payloads=self.payloads_at,
            imports=self.imports_at,
        )

    def post(
        self, event: dict[str, Any], *, seconds: float = 5.0, now: int = NOW
    ) -> tuple[int, Any, dict[str, Any]]:
        """Status, body (parsed where it is JSON) and headers of the answer."""
        request = from_gateway(event, "fallback", self.viewer_header)
        answer = self.app.answer(request, now, self.time.now + seconds).to_gateway()
        body = answer["body"]
        if answer["headers"]["content-type"] == "application/json" and body:
            body = json.loads(body)
        return answer["statusCode"], body, answer["headers"]

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(entry.data) for entry in self.stream.stored if isinstance(entry, StreamRecord)]

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.delivery.stored]
