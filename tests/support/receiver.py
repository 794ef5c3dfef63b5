"""A webhook's receiver on this machine: notes what is posted, and answers what a test says."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Judge = Callable[["Call"], int]
"""The status of a call's answer; 0: the connection is closed without one."""


class Call(NamedTuple):
    """One POST. `at`: epoch seconds. `number`: how often a message of this `row_id` was posted, from 1. Names of
    headers are in lower case."""

    at: float
    number: int
    headers: dict[str, str]
    message: dict[str, Any]


class Receiver:
    """`calls` so far, of those with a good answer: `taken`."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.url = ""
        self.calls: list[Call] = []
        self.taken: list[Call] = []
        self.lock = threading.Lock()

    def note(self, headers: dict[str, str], message: dict[str, Any]) -> int:
        with self.lock:
            before = sum(call.message["row_id"] == message["row_id"] for call in self.calls)
            call = Call(time.time(), before + 1, headers, message)
            status = self.judge(call)
            self.calls.append(call)
            if 200 <= status < 300:
                self.taken.append(call)
            return status


@contextmanager
def receiver(judge: Judge = lambda _: 202, port: int = 0) -> Iterator[Receiver]:
    made = Receiver(judge)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = made.note(headers, json.loads(body))
            if not status:
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}/carts"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def row(number: int, **fields: Any) -> bytes:
    """A row of `cart_events`, as the core writes it."""
    cart = {
        "row_id": f"00000000-0000-8000-8000-{number:012d}",
        "event_name": "cart_abandoned",
        "event_at": "2026-11-21T21:30:00.123Z",
        "site": "loja",
        "visitor_id": f"v-{number}",
        "cart_id": f"{number:016x}",
        "revision": 1,
        "items": [
            {"item_id": "SKU-1", "item_name": "Tênis 42", "price": 10.5, "currency": "BRL", "quantity": 2}
        ],
        "items_quantity": 2,
        "value": 21.0,
        "currency": "BRL",
        "last_event_at": "2026-11-21T20:30:00.123Z",
    }
    return orjson.dumps(cart | fields, option=orjson.OPT_APPEND_NEWLINE)


_CARTS = Path(__file__).parents[2] / "docs" / "carts.md"


def is_ours() -> Callable[[dict[str, Any], bytes], bool]:
    """The check of docs/carts.md, as it stands there."""
    page = _CARTS.read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found.group(1), names)
    check: Callable[[dict[str, Any], bytes], bool] = names["is_ours"]
    return check
