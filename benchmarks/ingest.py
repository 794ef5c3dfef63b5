"""Ingest: cold start, package size, processor time of a batch without the AWS call, and what hostile bodies cost."""

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

from botocore.config import Config
from botocore.session import get_session

from benchmarks import ingest_adapters
from benchmarks.ingest_stream import Stream
from benchmarks.workload import KEY, NOW
from ingest_lambda.app import App
from ingest_lambda.aws.client import Aws, Service
from ingest_lambda.aws.put_all import Clock
from ingest_lambda.aws.refreshing import Refreshing
from ingest_lambda.aws.senders import stream_sender
from ingest_lambda.aws.sigv4 import signed
from ingest_lambda.events.raw_records import StreamRecord
from ingest_lambda.http.request import from_gateway
from schemas import parse_sites
from schemas.files import FOLDER

HELP = "cold start, package and processor time of ingest"
EVENTS = 10
EVENT_BYTES = 1_000

COLD = """
import time; wall, cpu = time.perf_counter(), time.process_time()
import ingest_lambda.handler as handler
handler._runtime()
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
import sys; print(wall, cpu, len(sys.modules))
"""
# The same core over the SDK's clients, as it would be without ingest_lambda/aws/client.py.
SDK = COLD.replace(
    "import ingest_lambda.handler as handler\nhandler._runtime()",
    """import ingest_lambda.app, botocore.session
session = botocore.session.get_session()
clients = [session.create_client(name) for name in ("kinesis", "ssm")]""",
)
ENVIRONMENT = {
    "RASTRO_RAW_STREAM": "raw",
    "RASTRO_REJECTED_DELIVERY": "rejected",
    "RASTRO_SITES": "file:/sites",
    "RASTRO_SALT": "file:/salt",
    "AWS_REGION": "sa-east-1",
    "AWS_DEFAULT_REGION": "sa-east-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=15, help="cold starts")
    parser.add_argument("--batches", type=int, default=3000)
    parser.add_argument("--no-package", action="store_true", help="do not build the Lambda package")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures; targets: cold import 250 ms, package 12 MB, 1.0 ms for ten events of 1 KB."""
    figures: dict[str, Any] = {}
    figures |= _cold("cold", COLD, args.runs)
    figures |= _cold("cold_with_sdk", SDK, args.runs)
    if not args.no_package:
        figures |= _package()
    figures |= _batch(args.batches)
    figures |= _adapters(args.batches // 5)
    figures |= _call(args.batches // 5)
    figures |= _hostile()
    for name, value in figures.items():
        print(f"{value:14,.3f}  {name}", file=sys.stderr)
    return figures


def _cold(name: str, code: str, runs: int) -> dict[str, float]:
    """A fresh interpreter each time, without site packages' start-up files, as on Lambda."""
    path = json.dumps(sys.path)
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {path}\n{code}"]
    found = []
    for _ in range(runs + 1):
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
        found.append([float(text) for text in done.stdout.split()])
    walls, cpus, modules = zip(*found[1:], strict=True)  # the first wrote the byte code
    return {
        f"{name}_import_ms": statistics.median(walls) * 1000,
        f"{name}_import_cpu_ms": statistics.median(cpus) * 1000,
        f"{name}_modules": modules[0],
    }


def _package() -> dict[str, float]:
    from infra.environments.settings import Ingest  # noqa: PLC0415 - the same
    from infra.packaging import lambda_zip  # noqa: PLC0415 - CDK is slow to import, and only this figure needs it

    path = lambda_zip.build(lambda_zip.target(Ingest()))
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    return {"package_zipped_mb": path.stat().st_size / 1e6, "package_unpacked_mb": unpacked / 1e6}


def event(random: Random, size: int = EVENT_BYTES) -> dict[str, Any]:
    """A purchase-like event of about `size` bytes."""
    found: dict[str, Any] = {
        "event_id": f"{random.getrandbits(32):08x}-0000-4000-8000-{random.getrandbits(48):012x}",
        "event": random.choice(["page_view", "view_item", "add_to_cart", "purchase"]),
        "ts": NOW - random.randrange(10_000),
        "visitor_id": f"visitor-{random.getrandbits(64):016x}",
        "page": {
            "url": "https://www.loja.example/p/camiseta?cor=azul",
            "title": "Camiseta Básica",
            "referrer": "",
        },
        "screen": {"width": 1920, "height": 1080, "viewport_width": 1903, "viewport_height": 937},
        "language": "pt-BR",
        "consent": {"analytics": True, "ads": False},
        "ecommerce": {
            "currency": "BRL",
            "value": 149.9,
            "items": [
                {
                    "item_id": f"SKU-{n}",
                    "item_name": "Camiseta",
                    "price": 49.9,
                    "quantity": 1,
                    "discount": 0.0,
                }
                for n in range(3)
            ],
        },
        "properties": {"experiment": "b", "logged_in": False},
        "theme": "dark",
    }
    found["properties"]["fill"] = "x" * max(0, size - len(json.dumps(found)) - 12)
    return found


def gateway(body: str | bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """An HTTP API event with the headers of a browser."""
    binary = isinstance(body, bytes)
    text = b64encode(body).decode() if isinstance(body, bytes) else body
    return {
        "rawPath": "/v1/events",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "x-rastro-key": KEY,
            "origin": "https://www.loja.example",
            "referer": "https://www.loja.example/",
            "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15",
            "accept-language": "pt-BR,pt;q=0.9",
            "sec-ch-ua-platform": '"iOS"',
            "accept": "*/*",
            "accept-encoding": "gzip, deflate, br",
            "host": "events.loja.example",
            "x-forwarded-for": "203.0.113.9",
        }
        | (headers or {}),
        "requestContext": {
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
            "http": {"method": "POST", "path": "/v1/events", "sourceIp": "203.0.113.9"},
        },
        "body": text,
        "isBase64Encoded": binary,
    }


def app(to_stream: Callable[[Sequence[StreamRecord], float], Sequence[str | None]]) -> App:
    """The function's app over a stream of the caller; rejected rows are taken."""
    document = (FOLDER / "examples" / "sites.json").read_bytes()
    return App(
        sites=Refreshing(lambda: document, parse_sites, lambda error: None),
        secret=Refreshing(lambda: b"a secret of the benchmark", bytes.strip, lambda error: None),
        to_stream=to_stream,
        to_rejected=lambda lines, seconds: [None] * len(lines),
        to_payloads=lambda payload: None,
        write_log=lambda line: None,
        clock=Clock(time.monotonic, time.sleep, Random(1).random),
    )


def _batch(batches: int) -> dict[str, float]:
    """Milliseconds of processor time for a request of ten events: one visitor, ten visitors, gzipped; and signing."""
    random = Random(1)
    events = [event(random) for _ in range(EVENTS)]
    one = [{**each, "visitor_id": "visitor-1"} for each in events]
    entries: list[StreamRecord] = []

    def to_stream(put: Sequence[StreamRecord], seconds: float) -> list[str | None]:
        entries[:] = put
        return [None] * len(put)

    handler = app(to_stream)

    def answer(request: dict[str, Any]) -> None:
        given = handler.answer(from_gateway(request, "id"), NOW, time.monotonic() + 5).to_gateway()
        assert given["statusCode"] == 202, given

    requests = {
        "batch_one_visitor_ms": gateway(json.dumps({"sent_at": NOW, "events": one})),
        "batch_ten_visitors_ms": gateway(json.dumps({"sent_at": NOW, "events": events})),
        "batch_gzip_ms": gateway(gzip.compress(json.dumps(one).encode()), {"content-encoding": "gzip"}),
        "single_event_ms": gateway(json.dumps(one[0])),
    }
    found = {name: _best(partial(answer, request), batches) for name, request in requests.items()}
    found["event_bytes"] = len(json.dumps(events)) / EVENTS
    credentials = Aws.from_env(ENVIRONMENT).credentials
    body = json.dumps({"Records": [{"Data": "x" * 14_000, "PartitionKey": "loja/v"}]}).encode()
    headers = {"host": "kinesis.sa-east-1.amazonaws.com", "content-type": "x", "x-amz-target": "y"}
    found["signing_ms"] = _best(
        lambda: signed(headers, body, "kinesis", "sa-east-1", credentials, "20261121T212000Z"), batches
    )
    return found


def _adapters(batches: int) -> dict[str, float]:
    """Milliseconds of processor time for an event in each protocol, our own (the same purchase) first."""
    stored = 0

    def to_stream(put: Sequence[StreamRecord], seconds: float) -> list[str | None]:
        nonlocal stored
        stored += len(put)
        return [None] * len(put)

    handler = app(to_stream)

    def answer(request: dict[str, Any]) -> None:
        given = handler.answer(from_gateway(request, "id"), NOW, time.monotonic() + 5).to_gateway()
        assert given["statusCode"] < 300, given

    found = {}
    for name, (events, (path, query, body)) in ingest_adapters.requests(KEY).items():
        request = gateway(body)
        request["rawPath"], request["rawQueryString"] = path, query
        request["requestContext"]["http"]["path"] = path
        del request["headers"]["x-rastro-key"]
        before = stored
        answer(request)
        assert stored > before, name
        found[f"adapter_{name}_ms_per_event"] = _best(partial(answer, request), batches) / events
    return found


def _call(calls: int) -> dict[str, float]:
    """Milliseconds of this thread's processor time for one PutRecords of 10 KB over HTTP: ours, and the SDK's."""
    server = Stream(0.0, seed=1)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
    record = json.dumps({"events": [{"event_id": "1", "fill": "x" * 10_000}]}).encode()
    service = Service("kinesis", "Kinesis_20131202", Aws.from_env(environment), time.time, time.monotonic)
    send = stream_sender(service, "raw")
    sdk: Any = get_session().create_client(
        "kinesis",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="sa-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",  # noqa: S106 - for a server of this process
        config=Config(parameter_validation=False),
    )
    records = [{"Data": record, "PartitionKey": "loja/v"}]
    found = {
        "put_call_ms": _best(
            lambda: send([StreamRecord("loja/v", record)], 3.0), calls, clock=time.thread_time
        ),
        "put_call_sdk_ms": _best(
            lambda: sdk.put_records(StreamName="raw", Records=records), calls, clock=time.thread_time
        ),
    }
    service.close()
    sdk.close()
    server.shutdown()
    serving.join()
    server.server_close()
    return found


def _hostile() -> dict[str, float]:
    """Milliseconds of processor time for bodies made to hurt, each at the size limit."""
    handler = app(lambda put, seconds: [None] * len(put))
    bomb = gzip.compress(b" " * (256 << 20), 9)
    bodies: dict[str, dict[str, Any]] = {
        "gzip_bomb": gateway(bomb, {"content-encoding": "gzip"}),
        "deep": gateway("[" * 1_000_000),
        "wide": gateway('{"event":"x","properties":[' + "[]," * 340_000 + "[]]}"),
        "many_keys": gateway(json.dumps({f"k{n}": n for n in range(60_000)})),
        "half_surrogates": gateway('{"event":"' + "\\ud800" * 174_000 + '"}'),
        "bad_events": gateway(json.dumps([{"event": "Not A Name", "fill": "x" * 2000}] * 500)),
        "good_events": gateway(json.dumps([{"event": "x", "visitor_id": f"v{n}"} for n in range(500)])),
    }

    def answer(request: dict[str, Any]) -> None:
        handler.answer(from_gateway(request, "id"), NOW, time.monotonic() + 5)

    return {f"hostile_{name}_ms": _best(partial(answer, body), 3, tries=2) for name, body in bodies.items()}


def _best(
    work: Callable[[], object], times: int, tries: int = 3, clock: Callable[[], float] = time.process_time
) -> float:
    """Milliseconds of processor time for one, in the best of some tries."""
    best = float("inf")
    for _ in range(tries):
        began = clock()
        for _ in range(times):
            work()
        best = min(best, clock() - began)
    return best / times * 1000
