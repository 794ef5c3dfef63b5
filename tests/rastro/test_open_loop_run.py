"""A whole run against the emulator: a stand-in for the pipeline stores what it takes, but for one event."""

import io
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rastro.local import emulator
from rastro.open_loop import run as runs
from rastro.open_loop.command import text_of
from rastro.open_loop.destination import Destination
from rastro.terminal.errors import Problem
from rastro.traffic.post import Target

pytestmark = [pytest.mark.slow, pytest.mark.emulator]


class Pipeline:
    """Takes events over HTTP; every 300 ms what came goes into the stream and a Parquet file. `lost`: never does."""

    def __init__(self, aws: emulator.Emulator) -> None:
        self.lost: set[str] = set()
        self._kinesis, self._s3 = aws.client("kinesis"), aws.client("s3")
        self._waiting: list[str] = []
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._deliver, daemon=True)
        self._thread.start()

    def take(self, ids: list[str]) -> None:
        with self._turn:
            if not self.lost:
                self.lost = set(ids[:1])
            self._waiting += [name for name in ids if name not in self.lost]

    def stop(self) -> None:
        self._over.set()
        self._thread.join(10)

    def _deliver(self) -> None:
        number = 0
        while not self._over.wait(0.3):
            with self._turn:
                ids, self._waiting = self._waiting, []
            if not ids:
                continue
            lines = b"".join(
                orjson.dumps({"event_id": name, "event_name": "page_view"}) + b"\n" for name in ids
            )
            self._kinesis.put_record(StreamName="enriched", Data=lines, PartitionKey="a")
            number += 1
            file = io.BytesIO()
            pq.write_table(
                pa.table({"event_id": [*ids, ids[0]], "event_name": ["page_view"] * (len(ids) + 1)}), file
            )
            key = f"enriched/{datetime.now(UTC):dt=%Y-%m-%d/hour=%H}/{number}.parquet"
            self._s3.put_object(Bucket="lake", Key=key, Body=file.getvalue())


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Destination, Pipeline]]:
    folder = tmp_path_factory.mktemp("emulator")
    aws = emulator.start(folder, folder / "log")
    aws.client("kinesis").create_stream(StreamName="enriched", ShardCount=2)
    aws.client("s3").create_bucket(Bucket="lake")
    pipeline = Pipeline(aws)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            events = body.get("events", [body])
            known = [one for one in events if isinstance(one, dict) and isinstance(one.get("event"), str)]
            good = [one["event_id"] for one in known if one["event"] not in {"", "!!!"}]
            out = [
                n
                for n, one in enumerate(events)
                if not isinstance(one, dict) or one.get("event_id") not in good
            ]
            pipeline.take(good)
            answer = orjson.dumps({"accepted": len(good), "rejected": [{"index": n} for n in out]})
            self.send_response(202)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    target = Target(f"http://127.0.0.1:{server.server_port}", "pk")
    try:
        yield (
            Destination(target, "enriched", "lake", "enriched/", aws.endpoint, "", (("emulator", aws.pid),)),
            pipeline,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        pipeline.stop()
        aws.stop()


def test_a_run_finds_what_arrived_and_what_did_not(
    destination: tuple[Destination, Pipeline], tmp_path: Path
) -> None:
    wanted = runs.Wanted(rate=60, seconds=4.0, processes=2, connections=4, patience=4.0)
    document = runs.run(destination[0], wanted, tmp_path / "run", lambda _: None)
    ledger = document["ledger"]
    assert ledger["lost"] == len(destination[1].lost) == 1
    assert ledger["stored"] == ledger["accepted"] - 1 > 100
    assert ledger["copies"] > 0
    assert ledger["strangers"] == ledger["refused"] == ledger["unanswered"] == 0
    assert ledger["sent"] == ledger["accepted"] + ledger["rejected"] == document["events"]
    assert 120 < document["events"] < 400
    for way in ("post_to_enriched", "post_to_parquet"):
        assert document[way]["count"] == ledger["stored"]
        assert document[way]["max_ms"] > 0
    assert document["post_to_answer"]["count"] == document["requests"]
    assert document["cores_used"]["emulator"] > 0
    runs.write(document, tmp_path / "result.json")
    assert json.loads((tmp_path / "result.json").read_text())["mark"] == document["mark"]
    assert "1 ACCEPTED EVENTS ARE NOT IN THE LAKE" in text_of(document)


def test_fixed_requests_hold_so_many_events(
    destination: tuple[Destination, Pipeline], tmp_path: Path
) -> None:
    wanted = runs.Wanted(rate=40, seconds=2.0, processes=1, connections=4, patience=5.0, together=4)
    document = runs.run(destination[0], wanted, tmp_path / "run", lambda _: None)
    assert document["events"] == 4 * document["requests"] > 0
    assert document["ledger"]["lost"] == 0


def test_nobody_there_is_reported(destination: tuple[Destination, Pipeline], tmp_path: Path) -> None:
    nobody = destination[0]._replace(target=Target("http://127.0.0.1:9", "pk"))
    started = time.monotonic()
    with pytest.raises(Problem, match=r"took no event: .* no answer"):
        runs.run(
            nobody, runs.Wanted(rate=10, seconds=1.0, processes=1, connections=2), tmp_path / "run", print
        )
    assert time.monotonic() - started < 60
