"""A shop of one page and the real ingest behind it, in this process, with faults on command.

The pages and the events have an origin each, as a shop and its API have. What was accepted is in `Shop.bench`: raw
records exactly as the Lambda function would have put them.
"""

import contextlib
import json
import random
import socket
import struct
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ingest_lambda.http.request import from_gateway
from ingest_lambda.scripts import Scripts
from tests.ingest_lambda.doubles import KEY, Bench, gateway

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "storefront" / "dist"
FROM_THE_API = "/s/"
"""The scripts as the function answers them; below `/r/` they lie as with the shop's own files."""
VERSION = json.loads((DIST / "manifest.json").read_text())["version"]

Fault = Callable[[list[dict[str, Any]]], str | None]
"""Events of a request → None: all is well · `503` · `429` · `413` · `drop`: the connection, unanswered ·
`swallow`: accept, then drop the connection · `slow`: accept after two seconds ·
`late`: accept, answer after a second."""


@dataclass
class Shop:
    """What the test may ask and set while browsers come and go."""

    bench: Bench = field(default_factory=Bench)
    fault: Fault = lambda events: None
    retry_after: int = 1
    page: str = ""
    """The page's body, before the tag."""
    tag: str = ""
    requests: list[tuple[float, str | None, list[str]]] = field(default_factory=list)
    """Of each request of events: when, its fault, the ids in it."""
    modes: list[str] = field(default_factory=list)
    """Of each request of events: `cors` is a fetch, `no-cors` a beacon."""
    pages: dict[str, str] = field(default_factory=dict)
    """Path → HTML; other paths give a page with the tag."""
    url: str = ""
    events_url: str = ""
    origins: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def script(self, **settings: str) -> str:
        """The tag with settings as attributes."""
        given = {"key": KEY, "url": f"{self.events_url}/v1/events"} | settings
        attributes = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in given.items())
        return f'<script async src="/r/rastro-{VERSION}.js"{attributes}></script>'

    def html(self, path: str) -> str:
        if path in self.pages:
            return self.pages[path]
        return (
            f'<!doctype html><html lang="pt-BR"><meta charset="utf-8"><title>Loja {path}</title>'
            "<script>window.rastro=window.rastro||function(){(rastro.q=rastro.q||[]).push(arguments)}</script>"
            f"{self.tag or self.script()}<body>{self.page}</body></html>"
        )

    def events(self) -> list[dict[str, Any]]:
        """All that is in the raw stream, in order, copies too."""
        return [
            {**event, "visitor_id": record["visitor_id"] if record["visitor_kind"] == "cookie" else None}
            for record in self.bench.records()
            for event in record["events"]
        ]

    def names(self) -> list[str]:
        return [event["event"] for event in self.events()]

    def copies(self) -> int:
        """Events that were put more than once; the consumer drops them."""
        return sum(count - 1 for count in Counter(event["event_id"] for event in self.events()).values())

    def wait(self, enough: Callable[[], Any], seconds: float = 10) -> Any:
        """What `enough` gives, once it is true; else an error with what is there."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self.lock:
                found = enough()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s; arrived: {self.names()}; requests: {self.requests}")

    def different(self) -> set[str]:
        return {event["event_id"] for event in self.events()}


@contextlib.contextmanager
def serve(origins: int = 1) -> Iterator[Shop]:
    """A running shop with that many origins of pages, and one of events.

    Each has an IP address of its own in 127.0.0.0/8: browsers keep cookies by host, whatever the port.
    """
    shop = Shop()
    shop.bench.app.scripts = Scripts(FROM_THE_API)
    hosts = [f"127.{random.randrange(1, 255)}.{random.randrange(255)}.{n + 1}" for n in range(origins + 1)]
    servers = [_server(shop, host) for host in hosts]
    shop.events_url, *shop.origins = [
        f"http://{host}:{s.server_address[1]}" for host, s in zip(hosts, servers, strict=True)
    ]
    shop.url = shop.origins[0]
    try:
        yield shop
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Pages and scripts by GET, events by POST."""

    protocol_version = "HTTP/1.1"
    shop: Shop

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        script = DIST / path.removeprefix("/r/")
        if path.startswith("/r/") and script.is_file():
            kind = {"content-type": "text/javascript", "cache-control": "no-cache"}
            self._answer(200, script.read_bytes(), kind)
        elif path.startswith(FROM_THE_API):
            self._script()
        elif path.startswith("/r/") or path == "/favicon.ico":
            self._answer(404, b"", {})
        else:
            self._answer(200, self.shop.html(path).encode(), {"content-type": "text/html; charset=utf-8"})

    def _script(self) -> None:
        """As the function answers it."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = gateway("", method="GET", path=self.path, key=None, headers=headers)
        with self.shop.lock:
            answer = self.shop.bench.app.answer(from_gateway(event, "id"), 0, float("inf")).to_gateway()
        self._answer(answer["statusCode"], b64decode(answer["body"]), answer["headers"])

    def do_OPTIONS(self) -> None:
        self._ingest(b"", "OPTIONS")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            events = json.loads(body)["events"]
        except (ValueError, KeyError, TypeError):
            events = []
        with self.shop.lock:
            fault = self.shop.fault(events)
            ids = [event.get("event_id", "") for event in events]
            self.shop.requests.append((time.monotonic(), fault, ids))
            self.shop.modes.append(self.headers.get("sec-fetch-mode", ""))
        cors = {
            "access-control-allow-origin": self.headers.get("origin", "*"),
            "access-control-expose-headers": "retry-after",
        }
        if fault == "drop":
            self._reset()
        elif fault == "503":
            self._answer(503, b"{}", cors | {"retry-after": str(self.shop.retry_after)})
        elif fault == "413":
            self._answer(413, b'{"reason":"too_large"}', cors)
        elif fault == "429":
            self._answer(429, b"{}", {})  # API Gateway's own: without CORS
        else:
            time.sleep(2 if fault == "slow" else 0)
            self._ingest(body, "POST", silent=fault == "swallow", seconds=1 if fault == "late" else 0)

    def _ingest(self, body: bytes, method: str, *, silent: bool = False, seconds: float = 0) -> None:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = gateway(body, method=method, path=url.path, query=url.query, key=None, headers=headers)
        with self.shop.lock:
            status, answer, answered = self.shop.bench.post(event, now=time.time_ns() // 1_000_000)
        time.sleep(seconds)
        if silent:
            self._reset()
        else:
            self._answer(status, json.dumps(answer).encode(), answered)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def log_message(self, *given: Any) -> None:
        pass


def _server(shop: Shop, host: str) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer((host, 0), type("Handler", (_Handler,), {"shop": shop}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
