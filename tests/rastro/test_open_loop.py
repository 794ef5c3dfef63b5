"""The load test's parts: when requests are due, what latencies count from, what the ledger says, what is refused."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hdrh.histogram import HdrHistogram

from rastro.__main__ import main
from rastro.access_log.event import PageView
from rastro.access_log.line import Line
from rastro.open_loop import account, latency
from rastro.open_loop.command import duration, text_of
from rastro.open_loop.demand import LogAgain, Shop
from rastro.open_loop.profile import PROFILES, Schedule
from rastro.open_loop.sender import Order, send
from rastro.traffic.post import Target


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_comes_back_from_its_own_area(name):
    profile = PROFILES[name]
    assert profile.points[0][0] == 0
    assert profile.points[-1][0] == 1
    assert max(rate for _, rate in profile.points) == 1
    assert 0 < profile.mean() <= 1
    for step in range(1, 100):
        come = profile.mean() * step / 100
        when = profile.when(come)
        assert when is not None
        assert profile.until(when) == pytest.approx(come, abs=1e-9)
    assert profile.when(profile.mean() + 1e-9) is None


def test_a_ramp_sends_half_of_its_events_in_the_last_three_tenths():
    assert PROFILES["ramp"].mean() == pytest.approx(0.5)
    assert PROFILES["ramp"].when(0.25) == pytest.approx(0.5**0.5)


def test_a_schedule_keeps_its_rate_whatever_a_request_holds():
    schedule = Schedule(PROFILES["steady"], 200, 100, seed=1)
    dues, events, sizes = [], 0, 0
    while (due := schedule.next(sizes or 1)) is not None:
        sizes = 1 + len(dues) % 8
        events += sizes
        dues.append(due)
    assert dues == sorted(dues)
    assert events == pytest.approx(20_000, rel=0.05)
    gaps = [later - sooner for sooner, later in pairwise(dues)]
    assert max(gaps) > 4 * sum(gaps) / len(gaps)  # people come when they like, not by the beat


def test_the_shop_is_seeded_and_its_ids_tell_the_run():
    shots = [Shop(7, "0badcafe", 5).shot(1_795_296_000_000) for _ in range(2)]
    assert shots[0] == shots[1]
    shop = Shop(7, "0badcafe", 5)
    made = [shop.shot(1_795_296_000_000 + index) for index in range(300)]
    names = [name for shot in made for name in shot.event_ids]
    assert len(set(names)) == len(names)
    assert all(name.startswith("0badcafe-") and len(name) == 36 for name in names)
    assert all(b"sent_at" in shot.body or len(shot.event_ids) == 1 for shot in made)
    assert len({dict(shot.headers)["User-Agent"] for shot in made}) > 3


def test_a_log_begins_anew_at_its_end():
    views = [PageView(n, Line("1.2.3.4", n * 1000, "GET", f"/p/{n}", 200, "", "Mozilla")) for n in range(3)]
    log = LogAgain(views, 1, "0badcafe", "https://loja.example", None)
    shots = [log.shot(5_000_000 + n) for n in range(7)]
    bodies = [orjson.loads(shot.body) for shot in shots]
    assert [body["ts"] for body in bodies] == [5_000_000 + n for n in range(7)]
    assert bodies[0]["page"] == bodies[3]["page"] == bodies[6]["page"]
    assert len({shot.event_ids for shot in shots}) == 7
    assert "visitor_id" not in bodies[0]
    named = orjson.loads(LogAgain(views, 1, "0badcafe", "https://loja.example", b"key").shot(1).body)
    assert len(named["visitor_id"]) == 32


@contextmanager
def _api(stall_at: int = -1, stall_seconds: float = 0.0) -> Iterator[str]:
    """Takes everything but its third event; one request at a time, which stands still once if asked to."""
    turn = threading.Lock()
    seen = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal seen
            body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            events = body.get("events", [body])
            with turn:
                seen += 1
                if seen == stall_at:
                    time.sleep(stall_seconds)
            out = [{"index": 2, "reason": "test"}] if len(events) > 2 else []
            answer = orjson.dumps({"accepted": len(events) - len(out), "rejected": out})
            status = 202 if self.headers["X-Rastro-Key"] == "pk" or "key=pk" in self.path else 401
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _sent(url: str, folder: Path, key: str = "pk", connections: int = 2, rate: float = 200) -> account.Sent:
    order = Order(
        Target(url, key),
        time.time() + 0.2,
        PROFILES["steady"],
        rate,
        2.0,
        connections,
        1,
        "0badcafe",
        folder / "sent.jsonl",
    )
    send(order)
    return account.sent(map(orjson.loads, order.file.read_bytes().splitlines()))


def test_a_stall_shows_in_every_request_that_was_due_meanwhile(tmp_path: Path) -> None:
    with _api(stall_at=20, stall_seconds=1.0) as url:
        made = _sent(url, tmp_path)
    assert made.statuses.keys() == {202}
    assert made.events > 250
    slow = sum(took > 300_000 for took in made.took)
    # A stall of 1 s at 200 events a second (70 requests) delays all that are due in it, not just the two in flight.
    assert slow > 20
    assert max(made.late) > 500_000
    assert latency.figures(made.took)["p99_ms"] > 500


def test_the_ledger_tells_apart_what_became_of_each_event(tmp_path: Path) -> None:
    with _api() as url:
        made = _sent(url, tmp_path)
    assert made.rejected
    assert len(made.due) + len(made.rejected) == made.events
    stored = dict.fromkeys(list(made.due)[3:], 1)
    copied = next(iter(stored))
    settled = account.settle(made, stored | {copied: 3, next(iter(made.rejected)): 1})
    assert (settled.lost, settled.copies, settled.strangers) == (3, 2, 1)
    assert settled.sent == settled.accepted + settled.rejected + settled.refused + settled.unanswered
    arrived = {name: due * 1000 + 250 for name, due in made.due.items()}
    assert account.after(made, arrived)["p50_ms"] == pytest.approx(250, abs=2)


def test_a_wrong_key_and_a_dead_url_are_reported(tmp_path: Path) -> None:
    with _api() as url:
        refused = _sent(url, tmp_path, key="nobody", rate=20)
    assert refused.statuses.keys() == {401}
    assert len(refused.refused) == refused.events
    assert not refused.due
    silent = _sent(url, tmp_path, rate=20)  # it has stopped
    assert silent.statuses.keys() == {0}
    assert len(silent.unanswered) == silent.events
    assert any("Connection" in trouble for trouble in silent.troubles)


def test_the_histogram_is_hdrhistograms_own() -> None:
    figures = latency.figures([1_000] * 999 + [2_000_000])
    assert (figures["count"], figures["p50_ms"], figures["p99.9_ms"]) == (1000, 1.0, 1.0)
    assert figures["max_ms"] == pytest.approx(2000, rel=0.001)
    assert HdrHistogram.decode(figures["hdr"]).get_total_count() == 1000
    assert latency.figures([]) == {"count": 0}


def test_durations() -> None:
    assert [duration(text) for text in ("90", "90s", "1.5m", "1h")] == [90, 90, 90, 3600]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a log (--access-log FILE), or say how fast and how long"),
        (["--for", "10s"], "--for needs --rate"),
        (["--for", "soon", "--rate", "1"], "--for is 'soon'; write a time between 1s and 24h"),
        (["--for", "48h", "--rate", "1"], "write a time between 1s and 24h"),
        (["--for", "24h", "--rate", "1e6"], "which the ledger holds"),
        (["--for", "10s", "--rate", "1", "--processes", "0"], "--processes must be between 1 and 256"),
        (
            ["--for", "10s", "--rate", "1", "--api-url", "http://127.0.0.1:1"],
            "name the environment with --env",
        ),
        (["--for", "10s", "--rate", "1", "--to-raw", "-"], "go without --for"),
        (["--for", "10s", "--rate", "1", "--access-log", "/nonexistent"], "cannot read the log"),
        (["--for", "10s", "--rate", "1"], "no local stack under"),
        (["--access-log", "x", "--env", "dev"], "--env goes with --for"),
    ],
)
def test_a_wrong_question_is_refused(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", "--home", str(tmp_path), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_losses_are_shouted() -> None:
    figures = latency.figures([1000])
    document = {
        "events": 10, "events_expected": 10, "requests": 4, "events_per_s": 1.0, "statuses": {"202": 4}, "cores": 2,
        "post_to_answer": figures, "post_to_enriched": figures, "post_to_parquet": {"count": 0},
        "sent_late": latency.figures([500_000]), "cores_used": {"emulator": 0.5}, "troubles": {"TimeoutError": 1},
        "ledger": {"sent": 10, "lost": 2},
    }  # fmt: skip
    text = text_of(document)
    assert "2 ACCEPTED EVENTS ARE NOT IN THE LAKE" in text
    assert "no connection was free" in text
    assert "POST to Parquet" not in text
