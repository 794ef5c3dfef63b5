"""A page of the shop with one client on it, in Debian's Chromium, from another origin than the API's."""

import contextlib
import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
PAGE = """<!doctype html><html lang="pt-BR"><head><meta charset="utf-8"><title>Loja</title>
<script>window.configuration = %s</script></head><body><script src="/client.js"></script></body></html>"""


class PageServer:
    """Serves the page; `done` receives the list of errors once the trip is over."""

    def __init__(self, script: Path, configuration: dict[str, Any]) -> None:
        self.done: queue.Queue[list[str]] = queue.Queue()
        page = (PAGE % json.dumps(configuration)).encode()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class's argument
                return

            def do_GET(self) -> None:
                is_script = self.path == "/client.js"
                body = script.read_bytes() if is_script else page
                self.send_response(200)
                self.send_header(
                    "content-type", "text/javascript; charset=utf-8" if is_script else "text/html"
                )
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                owner.done.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/loja?utm_source=news"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def opened(script: Path, configuration: dict[str, Any], profile: Path) -> Iterator[PageServer]:
    """The page open in a browser with an empty profile; the browser ends with the block."""
    assert CHROMIUM is not None
    server = PageServer(script, configuration)
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--lang=pt-BR", "--window-size=1280,900",
        f"--user-data-dir={profile}", server.url,
    ]  # fmt: skip
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield server
    finally:
        browser.terminate()
        try:
            browser.wait(10)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait()
        server.close()
