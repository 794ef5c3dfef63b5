"""`python -m benchmarks.counting_proxy --to ENDPOINT`: passes AWS calls on and counts them.

Prints its URL; for each line on stdin one line of JSON: calls by service and action (`DynamoDB UpdateItem`, `S3 PUT`,
…). KCL's reads of a stream come as HTTP/2 and are passed on uncounted: what a shard's readers ask for is not billed.
"""

import argparse
import contextlib
import json
import socket
import sys
import threading
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

HTTP_2 = b"PRI * HTTP/2.0"
"""How a client of HTTP/2 without TLS begins (RFC 9113, section 3.4)."""
PASSED_BY = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


def name_of(method: str, path: str, target: str) -> str:
    """What a call is billed as: by its action, S3's by method and whether it lists."""
    if target:
        service, _, action = target.partition(".")
        return f"{service.split('_')[0]} {action}"
    query = urlsplit(path).query
    return f"S3 {'LIST' if method == 'GET' and 'list-type' in query else method}"


def tunnel(here: socket.socket, there: socket.socket) -> None:
    """Bytes both ways until one side has ended."""
    back = threading.Thread(target=_pour, args=(there, here), daemon=True)
    back.start()
    _pour(here, there)
    back.join()


def _pour(source: socket.socket, into: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            into.sendall(data)
        into.shutdown(socket.SHUT_WR)
    except OSError:  # the other side was faster
        with contextlib.suppress(OSError):
            source.shutdown(socket.SHUT_RD)


class Counting(BaseHTTPRequestHandler):
    """One client's connection, with one of its own to the emulator."""

    protocol_version = "HTTP/1.1"
    calls: ClassVar[Counter[str]] = Counter()
    turn = threading.Lock()
    upstream = ""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._there = HTTPConnection(self.upstream, timeout=60)

    def finish(self) -> None:
        self._there.close()
        super().finish()

    def handle(self) -> None:
        if self.connection.recv(len(HTTP_2), socket.MSG_PEEK) == HTTP_2:
            host, _, port = self.upstream.partition(":")
            with socket.create_connection((host, int(port))) as there:
                tunnel(self.connection, there)
        else:
            super().handle()

    def pass_on(self) -> None:
        """The same call, the same answer."""
        with self.turn:
            self.calls[name_of(self.command, self.path, self.headers.get("X-Amz-Target", ""))] += 1
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = self._chunks()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {
            name: text for name, text in self.headers.items() if name.lower() not in PASSED_BY | {"expect"}
        }
        self._there.request(self.command, self.path, body=body, headers=headers)
        answer = self._there.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, text in answer.getheaders():
            if name.lower() not in PASSED_BY:
                self.send_header(name, text)
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = pass_on  # noqa: N815 - the names http.server asks for

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counting_proxy", description=__doc__)
    parser.add_argument("--to", required=True, help="the emulator's URL")
    args = parser.parse_args()
    Counting.upstream = urlsplit(args.to).netloc
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    for line in sys.stdin:  # each line asks for the counts so far
        if line.strip():
            print(json.dumps(Counting.calls), flush=True)
    server.shutdown()


if __name__ == "__main__":
    main()
