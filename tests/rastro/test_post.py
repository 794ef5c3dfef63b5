"""Posting over real connections: order inside a lane, repeats, rate."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rastro.terminal.errors import Problem
from rastro.traffic import post
from rastro.traffic.post import Answer, Pace, Posting, Target, post_in_lanes


class FakeIngest(ThreadingHTTPServer):
    """Answers 202; the first answers of some bodies are 503, as `moods` says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: dict[str, list[bytes]] = defaultdict(list)
        self.keys: list[str | None] = []
        self.moods: dict[bytes, int] = {}
        self.turn = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeIngest

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.turn:
            self.server.seen[self.headers["X-Lane"]].append(body)
            self.server.keys.append(self.headers.get("X-Rastro-Key") or self.path.partition("key=")[2])
            again = self.server.moods.get(body, 0)
            self.server.moods[body] = again - 1
        self.send_response(503 if again > 0 else 202)
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b'{"accepted": 1}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    server = FakeIngest()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _target(ingest: FakeIngest) -> Target:
    return Target(f"http://127.0.0.1:{ingest.server_address[1]}", "the-key")


def test_lanes_keep_their_order_even_through_refusals(
    ingest: FakeIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "FIRST_WAIT", 0.001)
    postings = [Posting(f"lane{i % 5}", (("X-Lane", f"lane{i % 5}"),), str(i).encode()) for i in range(60)]
    ingest.moods = {b"7": 2, b"33": 1}
    answers: dict[int, Answer] = {}
    post_in_lanes(_target(ingest), postings, answers.__setitem__)
    assert {i: answer.attempts for i, answer in answers.items() if answer.attempts > 1} == {7: 3, 33: 2}
    assert len(answers) == 60
    for bodies in ingest.seen.values():
        numbers = [int(body) for body in bodies]
        assert numbers == sorted(numbers)
    assert set(ingest.keys) == {"the-key"}


def test_keys_in_header_or_url(ingest: FakeIngest) -> None:
    postings = [Posting("a", (), b"1", key_in_query=True), Posting("a", (), b"2", key="another")]
    post_in_lanes(_target(ingest), postings, lambda *_: None)
    assert ingest.keys == ["the-key", "another"]


def test_nobody_there_is_a_problem_that_names_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "FIRST_WAIT", 0.001)
    with pytest.raises(Problem, match=r"http://127\.0\.0\.1:9 does not take events"):
        post_in_lanes(Target("http://127.0.0.1:9", "k"), [Posting("a", (), b"1")], lambda *_: None)


def test_pace_spreads_events() -> None:
    pace = Pace(1000)
    begun = time.monotonic()
    for _ in range(5):
        pace(20)
    assert time.monotonic() - begun >= 0.079  # the first is free
