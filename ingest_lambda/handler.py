"""The edge to Lambda: clients, clock and environment come in here and nowhere else."""

import os
import random
import sys
import time
from functools import cache, partial
from typing import Any

from botocore.config import Config
from botocore.session import get_session

from ingest_lambda.app import App
from ingest_lambda.cached import Cached
from ingest_lambda.documents import Unreadable, reader, secret_of
from ingest_lambda.metrics import Metric, line
from ingest_lambda.put import delivery_sender, payload_store, stream_sender
from ingest_lambda.request import from_gateway
from ingest_lambda.retry import Clock
from ingest_lambda.settings import Settings
from schemas import SitesError, parse_sites

RESERVE = 0.5  # seconds of the function's time that belong to the answer


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one HTTP request of API Gateway (HTTP API, payload format 2.0)."""
    settings, app = _wired()
    deadline = app.clock.now() + context.get_remaining_time_in_millis() / 1000 - RESERVE
    request = from_gateway(event, context.aws_request_id, settings.viewer_header)
    return app.answer(request, _now(), deadline).to_gateway()


@cache
def _wired() -> tuple[Settings, App]:
    settings = Settings.from_env(os.environ)
    session = get_session()
    # Repeating is ours, entry by entry; botocore's own repeats would send accepted entries twice.
    config = Config(
        retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=3, parameter_validation=False
    )

    def client(name: str) -> Any:
        return session.create_client(name, config=config)

    # What most requests do not need is made when one does: a client costs tens of milliseconds.
    ssm, s3, firehose = (cache(partial(client, name)) for name in ("ssm", "s3", "firehose"))
    app = App(
        sites=Cached(
            reader(settings.sites, ssm),
            parse_sites,
            (Unreadable, SitesError),
            partial(_complain, "SitesDocumentInvalid", settings.environment),
        ),
        secret=Cached(
            reader(settings.salt, ssm),
            secret_of,
            (Unreadable,),
            partial(_complain, "SaltUnreadable", settings.environment),
        ),
        to_stream=stream_sender(client("kinesis"), settings.raw_stream),
        to_rejected=delivery_sender(firehose, settings.rejected_delivery),
        to_payloads=payload_store(s3),
        tell=_tell,
        clock=Clock(time.monotonic, time.sleep, random.random),
        environment=settings.environment,
        payloads=settings.payloads,
    )
    return settings, app


def _tell(text: bytes) -> None:
    """One write for one line, so that lines never mix."""
    sys.stdout.write(text.decode())
    sys.stdout.flush()


def _complain(metric: Metric, environment: str, error: Exception) -> None:
    """A document could not be used: say so where an alarm listens. The message holds no content of it."""
    properties = {"level": "error", "message": "document not usable", "cause": str(error)}
    _tell(line({metric: 1}, environment, _now(), [["Environment"]], properties))


def _now() -> int:
    return time.time_ns() // 1_000_000


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _wired()  # in the init phase, which has the most CPU and which no client waits for twice
