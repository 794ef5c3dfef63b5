"""The canary posts one event, then reads from Athena how old the newest row of its kind is.

Runs as a Lambda function with what the runtime has: no package of ours, no dependency. Events go to the
site named in CANARY_SITE, so they can be distinguished from a shop's own.
"""

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

NAMESPACE = "Rastro/Canary"
UNITS = {
    "Accepted": "Count",
    "AnswerMillis": "Milliseconds",
    "AgeSeconds": "Seconds",
    "LatencySeconds": "Seconds",
}
_QUERY_SECONDS = 60.0
_HOURS = 6
"""How far back the query looks; the longest `canary_minutes` is four hours."""
_ACCEPTED = 202


def handler(event: object, context: object) -> None:
    """One round; its outcome is metrics in one log line."""
    import boto3  # noqa: PLC0415 - from the Lambda runtime; the rest of this file runs without it

    env = os.environ
    values = _post(env, uuid.uuid4())
    newest = _newest(boto3.client("athena"), boto3.client("s3"), env, time.sleep)
    now = time.time()
    # No row in all the hours is as bad as one that old.
    received, written = newest or (now - _HOURS * 3600, now)
    values |= {"AgeSeconds": now - received, "LatencySeconds": written - received}
    print(line(values, env["CANARY_ENVIRONMENT"], int(now * 1000)))


def line(values: Mapping[str, float], environment: str, now_ms: int) -> str:
    """One log line in CloudWatch's embedded metric format."""
    return json.dumps(
        {
            "_aws": {
                "Timestamp": now_ms,
                "CloudWatchMetrics": [
                    {
                        "Namespace": NAMESPACE,
                        "Dimensions": [["Environment"]],
                        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
                    }
                ],
            },
            "Environment": environment,
            **{name: round(value, 3) for name, value in values.items()},
        }
    )


def _post(env: Mapping[str, str], event_id: uuid.UUID) -> dict[str, float]:
    body = json.dumps({"event": "canary", "event_id": str(event_id), "visitor_id": "canary"}).encode()
    headers = {"Content-Type": "application/json", "X-Rastro-Key": env["CANARY_KEY"]}
    started = time.monotonic()
    try:
        request = Request(f"{env['CANARY_URL']}/v1/events", body, headers)  # noqa: S310 - from our own template
        with urlopen(request, timeout=20) as answer:  # noqa: S310 - the same
            taken = answer.status == _ACCEPTED and json.load(answer)["accepted"] == 1
    except (HTTPError, URLError, TimeoutError, ValueError, KeyError) as error:
        print(f"canary: not accepted: {type(error).__name__}: {error}")
        taken = False
    return {"Accepted": float(taken), "AnswerMillis": (time.monotonic() - started) * 1000}


def _newest(
    athena: Any, s3: Any, env: Mapping[str, str], pause: Callable[[float], None]
) -> tuple[float, float] | None:
    """(received, written to S3) of the newest canary row, in epoch seconds; None if there is none."""
    query = athena.start_query_execution(
        QueryString=sql(env["CANARY_SITE"], time.time()),
        QueryExecutionContext={"Database": env["CANARY_DATABASE"]},
        WorkGroup=env["CANARY_WORKGROUP"],
    )["QueryExecutionId"]
    deadline = time.monotonic() + _QUERY_SECONDS
    state = "QUEUED"
    while state in {"QUEUED", "RUNNING"} and time.monotonic() < deadline:
        pause(1.0)
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        state = status["State"]
    if state != "SUCCEEDED":
        print(f"canary: the query ended as {state}: {status.get('StateChangeReason', '')}")
        return None
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1:]
    if not rows:
        return None
    received, path = (cell["VarCharValue"] for cell in rows[0]["Data"])
    bucket, _, key = path.removeprefix("s3://").partition("/")
    return float(received), s3.head_object(Bucket=bucket, Key=key)["LastModified"].timestamp()


def sql(site: str, now: float) -> str:
    """The newest row of the last hours of arrival, and its file. Few partitions: it runs every five minutes."""
    arrivals = " OR ".join(
        time.strftime("(dt = '%Y-%m-%d' AND hour = %-H)", time.gmtime(now - back * 3600))
        for back in range(_HOURS)
    )
    return (
        'SELECT to_unixtime(received_at), "$path" FROM enriched '  # noqa: S608 - a name from our own template
        f"WHERE ({arrivals}) AND site = '{site}' AND event_name = 'canary' ORDER BY received_at DESC LIMIT 1"
    )
