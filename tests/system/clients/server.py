"""The real function behind a small HTTP server, which does what API Gateway does and, on demand, fails."""

import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ingest_lambda.http.request import from_gateway
from tests.ingest_lambda.doubles import Bench

Fault = Literal["503", "429", "drop before", "drop after"] | None
Faults = Callable[[int], Fault]
"""Of the n-th request that carries events, from 0."""


def no_faults(n: int) -> Fault:
    return None


def faults(n: int) -> Fault:
    """Half of the requests fail, each time in another way; never four in a row, after which some clients give up."""
    found: tuple[Fault, ...] = ("503", "drop after", None, "429", None, "drop before", None, None)
    return found[n % len(found)]


class Backend(Protocol):
    """What answers the requests that reach it. `broken`: the stream behind takes nothing."""

    def answer(
        self, http: BaseHTTPRequestHandler, data: bytes, number: int, *, broken: bool
    ) -> dict[str, Any]:
        """The answer in API Gateway's form."""


class InMemory:
    """The function, with everything outside it in memory."""

    def __init__(self, sites: bytes) -> None:
        self.bench = Bench(sites=sites)

    def answer(
        self, http: BaseHTTPRequestHandler, data: bytes, number: int, *, broken: bool
    ) -> dict[str, Any]:
        self.bench.stream.verdict = lambda call, record: "InternalFailure" if broken else None
        self.bench.time.now = 1000.0
        request = from_gateway(gateway_event(http, data, number), "fallback")
        now = time.time_ns() // 1_000_000
        return self.bench.app.answer(request, now, self.bench.time.now + 5).to_gateway()

    def events(self) -> list[dict[str, Any]]:
        """Every stored event with its visitor, copies too, in the order of arrival."""
        records = self.bench.records()
        return [
            event | {"visitor_id": record["visitor_id"]} for record in records for event in record["events"]
        ]

    def wait_for(self, count: int, seconds: float) -> None:
        """Until as many different events are stored, or the time is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and len({event["event_id"] for event in self.events()}) < count:
            time.sleep(0.05)


class Forwarding:
    """The local stack's API, under whatever path it has.

    Preflights are answered by the function in memory: the emulator answers each by itself with 403, where AWS leads
    it to the route.
    """

    def __init__(self, api_url: str, sites: bytes) -> None:
        self._api_url = api_url
        self._preflights = InMemory(sites)

    def answer(
        self, http: BaseHTTPRequestHandler, data: bytes, number: int, *, broken: bool
    ) -> dict[str, Any]:
        if broken:
            return {
                "statusCode": 503,
                "headers": {"retry-after": "1", "access-control-allow-origin": "*"},
                "body": "",
            }
        if http.command == "OPTIONS":
            return self._preflights.answer(http, data, number, broken=False)
        skipped = {"host", "content-length", "connection", "accept-encoding"}
        headers = {name: value for name, value in http.headers.items() if name.lower() not in skipped}
        request = Request(self._api_url + http.path, data or None, headers, method=http.command)
        try:
            with urlopen(request, timeout=30) as answer:
                status, found, body = answer.status, answer.headers, answer.read()
        except HTTPError as error:
            with error:
                status, found, body = error.code, error.headers, error.read()
        recorded = {
            name: value
            for name, value in found.items()
            if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}
        }
        return {
            "statusCode": status,
            "headers": recorded,
            "body": b64encode(body).decode(),
            "isBase64Encoded": True,
        }


class IngestServer:
    """In a `with` block, on a free port of this machine."""

    def __init__(self, backend: Backend, plan: Faults = no_faults) -> None:
        self.backend = backend
        self.plan = plan
        self.lock = threading.Lock()
        self.count = 0
        self.failed = 0
        self.statuses: list[tuple[str, int]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class's argument
                return

            def do(self) -> None:
                server.serve(self)

            do_GET = do_POST = do_OPTIONS = do_HEAD = do  # noqa: N815 - the names http.server asks for

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.host = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, http: BaseHTTPRequestHandler) -> None:
        data = http.rfile.read(int(http.headers.get("content-length") or 0))
        carries = http.command == "POST" or (
            http.command == "GET" and "?" in http.path and "sourceConfig" not in http.path
        )
        with self.lock:
            fault = self.plan(self.count) if carries else None
            self.count += carries
            self.failed += fault is not None
            if fault == "drop before":
                http.close_connection = True
                http.connection.close()
                return
            if fault == "429":  # API Gateway's own answer: without our headers, so that a page cannot read it
                self._answer(
                    http,
                    {
                        "statusCode": 429,
                        "headers": {"content-type": "application/json"},
                        "body": '{"message":"Too Many Requests"}',
                    },
                )
                return
            answer = self.backend.answer(http, data, self.count, broken=fault == "503")
        self.statuses.append((f"{http.command} {urlsplit(http.path).path}", answer["statusCode"]))
        if fault == "drop after":
            http.close_connection = True
            http.connection.close()
            return
        self._answer(http, answer)

    @staticmethod
    def _answer(http: BaseHTTPRequestHandler, answer: dict[str, Any]) -> None:
        body = answer["body"].encode()
        if answer.get("isBase64Encoded"):
            body = b64decode(body)
        http.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            http.send_header(name, value)
        if answer["statusCode"] != 204:
            http.send_header("content-length", str(len(body)))
        http.end_headers()
        if http.command != "HEAD" and answer["statusCode"] != 204:
            http.wfile.write(body)


def gateway_event(http: BaseHTTPRequestHandler, data: bytes, n: int) -> dict[str, Any]:
    """The request in API Gateway's form (HTTP API, payload format 2.0)."""
    url = urlsplit(http.path)
    try:
        body, is_base64 = data.decode(), False
    except UnicodeDecodeError:
        body, is_base64 = b64encode(data).decode(), True
    return {
        "rawPath": url.path,
        "rawQueryString": url.query,
        "headers": {name.lower(): value for name, value in http.headers.items()},
        "requestContext": {
            "requestId": f"request-{n}",
            "stage": "$default",
            "http": {"method": http.command, "path": url.path, "sourceIp": http.client_address[0]},
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }
