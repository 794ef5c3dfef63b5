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
from random import Random
from typing import Any

from benchmarks.ingest import app, event, gateway
from benchmarks.ingest_load import percentile
from benchmarks.ingest_stream import Stream
from benchmarks.workload import NOW
from ingest_lambda.aws.client import Aws, Service
from ingest_lambda.aws.senders import stream_sender
from ingest_lambda.http.request import from_gateway

HELP = "ingest under a throttled stream: accepted + 503 = sent"
VISITORS = 10


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
