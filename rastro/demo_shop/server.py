"""Two web servers, the shop and its payment provider, each an origin of its own.

The shop forwards events to the pipeline's API as a shop's CDN or reverse proxy would (docs/storefront.md): the browser
posts to the shop's own host, and the proxy names the client's IP address and renews the visitor's cookie.
"""

import contextlib
import http.client
import re
import socket
import struct
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rastro.demo_shop.pages import PAYMENT, SHOP, page, version

EVENTS_PATH = "/e"
COOKIE = re.compile(r"(?:^|; )_rv=([^;/]{1,128})")
COOKIE_SECONDS = 400 * 86_400
"""The longest that browsers keep a cookie."""
NETWORK_DOWN = "loja_sem_rede=1"
"""The cookie of the switch that lets events find no network."""

_FORWARDED = ("content-type", "user-agent", "accept-language", "origin", "referer", "dnt", "sec-gpc")


class _Handler(BaseHTTPRequestHandler):
    """One origin. `api` is the API's URL, or None where no events are taken."""

    protocol_version = "HTTP/1.1"
    folder: Path
    values: Mapping[str, str]
    api: str | None

    def do_GET(self) -> None:
        found = page(self.folder, urlsplit(self.path).path, self.values)
        if found is None:
            self._answer(404, b"not found", {"content-type": "text/plain"})
        else:
            headers = {"content-type": found.kind, "cache-control": found.caching}
            self._answer(200, found.content, headers | {"x-content-type-options": "nosniff"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.api is None or urlsplit(self.path).path != EVENTS_PATH:
            self._answer(404, b"not found", {"content-type": "text/plain"})
        elif NETWORK_DOWN in self.headers.get("cookie", ""):
            self._reset()
        else:
            self._forward(self.api, body)

    def _forward(self, api: str, body: bytes) -> None:
        target = urlsplit(api)
        headers = {name: self.headers[name] for name in _FORWARDED if self.headers[name]}
        headers |= {
            name: value for name, value in self.headers.items() if name.lower().startswith("sec-ch-ua")
        }
        headers["cloudfront-viewer-address"] = f"{self.client_address[0]}:{self.client_address[1]}"
        connection = http.client.HTTPConnection(target.netloc, timeout=20)
        try:
            connection.request("POST", f"{target.path}/v1/events?{urlsplit(self.path).query}", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except OSError:
            self._answer(
                503, b'{"reason":"unavailable"}', {"content-type": "application/json", "retry-after": "2"}
            )
            return
        finally:
            connection.close()
        answered = {
            "content-type": answer.headers.get("content-type", "application/json"),
            "cache-control": "no-store",
        }
        if answer.headers.get("retry-after"):
            answered["retry-after"] = answer.headers["retry-after"]
        visitor = COOKIE.search(self.headers.get("cookie", ""))
        if visitor:
            answered["set-cookie"] = f"_rv={visitor[1]}; Path=/; Max-Age={COOKIE_SECONDS}; SameSite=Lax"
        self._answer(answer.status, content, answered)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def log_message(self, *given: Any) -> None:
        """No log: it would hold IP addresses of people."""


def servers(
    api: str, key: str, shop_port: int, payment_port: int
) -> tuple[ThreadingHTTPServer, ThreadingHTTPServer]:
    """The shop on 127.0.0.1 and its payment provider on `localhost`: another host, so another site for browsers."""
    values = {
        "key": key,
        "version": version(),
        "shop": f"http://127.0.0.1:{shop_port}",
        "payment": f"http://localhost:{payment_port}",
    }

    def server(folder: Path, port: int, takes: str | None) -> ThreadingHTTPServer:
        kind = type("Handler", (_Handler,), {"folder": folder, "values": values, "api": takes})
        made = ThreadingHTTPServer(("127.0.0.1", port), kind)
        made.daemon_threads = True
        return made

    return server(SHOP, shop_port, api), server(PAYMENT, payment_port, None)
