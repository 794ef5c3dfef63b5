"""Ingest under a stream that refuses: 1 %, 50 % and all entries of each PutRecords fail, as a throttled stream's do.

The function's own app and client speak HTTP to a stream of this process, from several threads at once. Clients
repeat nothing, so the accounts must close: events answered as accepted + events answered 503 = events sent; every
accepted event is in the stream once or more (a 503 may have stored some), and none was stored twice by one request.
"""

import argparse
import json
import sys
import threading
import time
from base64 import b64decode
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from benchmarks.ingest import app, event, gateway
from benchmarks.ingest_load import percentile
from benchmarks.workload import NOW
from ingest_lambda.aws import Aws, Service
from ingest_lambda.put import stream_sender
from ingest_lambda.request import from_gateway

HELP = "ingest under a throttled stream: accepted + 503 = sent"
VISITORS = 10


class Stream(ThreadingHTTPServer):
    """Answers PutRecords; each entry fails with the given chance. `stored` counts event ids."""

    daemon_threads = True

    def __init__(self, share: float, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Answerer)
        self.share, self.random, self.lock = share, Random(seed), threading.Lock()
        self.stored: Counter[str] = Counter()
        self.refused = 0

    def put(self, records: list[dict[str, str]]) -> list[dict[str, str]]:
        with self.lock:
            return [self._one(record) for record in records]

    def _one(self, record: dict[str, str]) -> dict[str, str]:
        if self.random.random() < self.share:
            self.refused += 1
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
        self.stored.update(each["event_id"] for each in json.loads(b64decode(record["Data"]))["events"])
        return {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}


class Answerer(BaseHTTPRequestHandler):
    """One PutRecords call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        assert isinstance(self.server, Stream)
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        results = self.server.put(request["Records"])
        body = json.dumps({"Records": results}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--requests", type=int, default=240, help="for each share; a twentieth where all fail"
    )
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0, help="the function's time for one request")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The accounts for each share of failing entries."""
    figures: dict[str, Any] = {}
    print(
        f"{'failing':>8} {'sent':>7} {'accepted':>9} {'503':>7} {'missing':>8} {'twice':>6} {'p50':>7} {'p99':>7} ms",
        file=sys.stderr,
    )
    for share in (0.01, 0.5, 1.0):
        requests = max(args.threads, args.requests // 20) if share == 1.0 else args.requests
        found = _run(share, requests, args.threads, args.seconds)
        figures[f"failing_{share:.0%}".replace("%", "_percent")] = found
        print(
            f"{share:8.0%} {found['sent']:7d} {found['accepted']:9d} {found['answered_503']:7d}"
            f" {found['accepted_but_missing']:8d} {found['stored_twice']:6d}"
            f" {found['p50_ms']:7.1f} {found['p99_ms']:7.1f}",
            file=sys.stderr,
        )
    return figures


def _run(share: float, requests: int, threads: int, seconds: float) -> dict[str, Any]:
    server = Stream(share, seed=1)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_REGION": "sa-east-1"}
    batches = [_batch(Random(n)) for n in range(requests)]
    answers: list[tuple[int, list[str], float]] = []
    waiting, take = iter(batches), threading.Lock()

    def work() -> None:
        kinesis = Service("kinesis", "Kinesis_20131202", Aws.from_env(environment), time.time, time.monotonic)
        handler = app(stream_sender(kinesis, "raw"))
        while True:
            with take:
                batch = next(waiting, None)
            if batch is None:
                kinesis.close()
                return
            began = time.monotonic()
            request = from_gateway(gateway(json.dumps(batch)), "id")
            answer = handler.answer(request, NOW, began + seconds)
            answers.append((answer.status, [each["event_id"] for each in batch], time.monotonic() - began))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    server.shutdown()
    serving.join()
    server.server_close()
    accepted = [one for status, ids, _ in answers if status == 202 for one in ids]
    unavailable = [one for status, ids, _ in answers if status == 503 for one in ids]
    return {
        "sent": sum(map(len, batches)),
        "accepted": len(accepted),
        "answered_503": len(unavailable),
        "accepted_but_missing": sum(server.stored[one] == 0 for one in accepted),
        "stored_twice": sum(count > 1 for count in server.stored.values()),
        "entries_refused": server.refused,
        "closes": len(accepted) + len(unavailable) == sum(map(len, batches)),
        "p50_ms": percentile([taken for _, _, taken in answers], 0.5) * 1000,
        "p99_ms": percentile([taken for _, _, taken in answers], 0.99) * 1000,
    }


def _batch(random: Random) -> list[dict[str, Any]]:
    return [event(random) | {"visitor_id": f"v{random.randrange(10**9)}"} for _ in range(VISITORS)]
