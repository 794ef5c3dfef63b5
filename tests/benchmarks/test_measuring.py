"""What the figures are measured with: CPU by part of the consumer, the proxy that counts calls."""

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.counting_proxy import HTTP_2, Counting
from benchmarks.cpu import Meter
from rastro.open_loop import cpu

SUPERVISOR = """
import subprocess, sys, time
java = subprocess.Popen([sys.argv[1], "-c", "while :; do :; done"])
print(java.pid, flush=True)
time.sleep(600)
"""
BUSY_S = 0.5


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """(leader of a group, a busy child of the name `java`), as a supervisor leads KCL's daemon."""
    shell = shutil.which("dash") or shutil.which("bash")
    assert shell
    (tmp_path / "java").symlink_to(shell)
    leader = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path / "java")],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert leader.stdout
    java = int(leader.stdout.readline())
    yield leader.pid, java
    subprocess.run(["kill", "-9", str(java), str(leader.pid)], check=True)
    leader.wait()
    leader.stdout.close()


def test_java_is_found_behind_its_supervisor(supervised: tuple[int, int]) -> None:
    leader, java = supervised
    meter = Meter(leader)
    assert meter.java_pid() == java
    deadline = time.monotonic() + 60
    while meter.read().java < BUSY_S:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found = cpu.seconds((("consumer", leader),))
    assert found["daemon"] >= BUSY_S
    assert found["processors"] < found["daemon"]


def test_http_2_passes_the_counting_proxy_untouched() -> None:
    """KCL reads streams so; answered as HTTP/1.1 it never takes a lease."""
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        Counting.upstream = f"127.0.0.1:{upstream.getsockname()[1]}"
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        with socket.create_connection(("127.0.0.1", proxy.server_port), timeout=30) as client:
            client.sendall(HTTP_2 + b"\r\n\r\nSM\r\n\r\n")
            there, _ = upstream.accept()
            with there:
                there.settimeout(30)
                assert there.recv(100) == HTTP_2 + b"\r\n\r\nSM\r\n\r\n"
                there.sendall(b"\0\0\0\4")
                assert client.recv(100) == b"\0\0\0\4"
        proxy.shutdown()
        proxy.server_close()
