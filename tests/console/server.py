"""A console on a port of this machine, for real browsers."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from console.app import application
from console.source import Source


@contextlib.contextmanager
def serve(source: Source, port: int = 0) -> Iterator[str]:
    """Its URL, while it runs in a thread."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(application(source), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
