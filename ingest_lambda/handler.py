"""The edge to Lambda: clients, clock and environment come in here and nowhere else."""

import os
import random
import sys
import time
from functools import cache, partial
from typing import Any, NamedTuple

from ingest_lambda.app import App
from ingest_lambda.aws.client import Aws, Service
from ingest_lambda.aws.config_sources import ConfigUnreadable, packaged, reader, secret_of
from ingest_lambda.aws.put_all import Clock
from ingest_lambda.aws.refreshing import Refreshing
from ingest_lambda.aws.senders import delivery_sender, payload_store, stream_sender
from ingest_lambda.http.request import from_gateway
from ingest_lambda.metrics import Metric, line
from ingest_lambda.scripts import Scripts
from ingest_lambda.settings import Settings
from schemas import SitesError, parse_sites

SECRET_REFRESH = (
    600.0  # seconds: it changes once in years, and each read is one of 40 a second for the account
)
RESERVE = 0.5  # seconds of the function's time that belong to the answer


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one HTTP request of API Gateway (HTTP API, payload format 2.0)."""
    settings, app, _ = _runtime()
    deadline = app.clock.now() + context.get_remaining_time_in_millis() / 1000 - RESERVE
    request = from_gateway(event, context.aws_request_id, settings.viewer_header, settings.trusted_proxies)
    return app.answer(request, _now(), deadline).to_gateway()


class Runtime(NamedTuple):
    """What lives as long as the Lambda instance."""

    settings: Settings
    app: App
    services: tuple[Service, ...]


@cache
def _runtime() -> Runtime:
    settings = Settings.from_env(os.environ)
    aws = Aws.from_env(os.environ)

    def service(name: str, targets: str) -> Service:
        return Service(name, targets, aws, time.time, time.monotonic)

    kinesis = service("kinesis", "Kinesis_20131202")
    firehose = service("firehose", "Firehose_20150804")
    ssm = service("ssm", "AmazonSSM")
    app = App(
        sites=Refreshing(
            reader(settings.sites, ssm),
            parse_sites,
            partial(_report_bad_document, "SitesDocumentInvalid", settings.environment),
            first=packaged(settings.sites_first),
            jitter=random.random,
        ),
        secret=Refreshing(
            reader(settings.cookieless_secret, ssm),
            secret_of,
            partial(_report_bad_document, "SaltUnreadable", settings.environment),
            refresh=SECRET_REFRESH,
            jitter=random.random,
        ),
        to_stream=stream_sender(kinesis, settings.raw_stream),
        to_rejected=delivery_sender(firehose, settings.rejected_delivery),
        to_payloads=payload_store(),
        write_log=_write_line,
        clock=Clock(time.monotonic, time.sleep, random.random),
        environment=settings.environment,
        payloads=settings.payloads,
        imports=settings.imports,
        scripts=Scripts(settings.scripts_path),
    )
    return Runtime(settings, app, (kinesis, firehose, ssm))


def _write_line(text: bytes) -> None:
    """One write for one line, so that lines never mix."""
    sys.stdout.write(text.decode())
    sys.stdout.flush()


def _report_bad_document(metric: Metric, environment: str, error: Exception) -> None:
    """A document could not be used: count it in the metric that an alarm watches.

    Messages of our own errors hold no content of it; of other errors only the type is logged.
    """
    cause = str(error) if isinstance(error, ConfigUnreadable | SitesError) else type(error).__name__
    properties = {"level": "error", "message": "document not usable", "cause": cause}
    _write_line(line({metric: 1}, environment, _now(), properties))


def _now() -> int:
    return time.time_ns() // 1_000_000


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _runtime()  # in the init phase, which has the most CPU and which no client waits for twice
