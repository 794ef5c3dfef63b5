"""Metrics of a scenario: those that our parts write into their logs, and AWS's own, counted where we see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.system.faults.alarms import Point
from tests.system.faults.sender import Attempt
from tests.system.faults.streams import Read

TASKS_MIN = 2
"""As the alarm `consumer-tasks` has it in prod: running tasks are given as their share of the desired ones."""


def embedded(lines: Iterable[Mapping[str, Any]]) -> dict[str, list[Point]]:
    """Out of log lines in CloudWatch's embedded metric format, by "namespace name"; each name of a line once, though it
    may have more than one set of dimensions."""
    found: defaultdict[str, list[Point]] = defaultdict(list)
    for line in lines:
        about = line.get("_aws")
        if not isinstance(about, Mapping):
            continue
        at = about["Timestamp"] / 1000
        names = {
            (d["Namespace"], metric["Name"]) for d in about["CloudWatchMetrics"] for metric in d["Metrics"]
        }
        for namespace, name in sorted(names):
            if name in line:
                found[f"{namespace} {name}"].append(Point(at, float(line[name])))
    return dict(found)


def of_aws(
    attempts: Sequence[Attempt],
    raw: Sequence[Read],
    running: Sequence[tuple[float, int]],
    desired: int,
    throttled: Mapping[str, Sequence[float]],
) -> dict[str, list[Point]]:
    """API Gateway's from the sender's answers, Kinesis's from the raw stream, ECS's from the processes, throttles from
    the proxy. `throttled`: times by "service operation kind text"."""
    answered = [attempt for attempt in attempts if attempt.status]
    share = TASKS_MIN / max(desired, 1)
    found = {
        "AWS/ApiGateway 5xx": [Point(one.answered, float(one.status >= 500)) for one in answered],
        "AWS/ApiGateway Latency": [Point(one.answered, (one.answered - one.at) * 1000) for one in answered],
        "AWS/ApiGateway Count": [Point(one.at, 1.0) for one in attempts],
        "AWS/Lambda Throttles": [Point(one.answered, float(one.status == 429)) for one in answered],
        "AWS/Kinesis IncomingRecords raw": [Point((one.arrived_ms or 0) / 1000, 1.0) for one in raw],
        "ECS/ContainerInsights RunningTaskCount": [Point(at, count * share) for at, count in running],
    }
    names = {
        ("kinesis PutRecords", "raw"): "AWS/Kinesis WriteProvisionedThroughputExceeded raw",
        ("kinesis PutRecords", "enriched"): "AWS/Kinesis WriteProvisionedThroughputExceeded enriched",
        ("kinesis GetRecords", ""): "AWS/Kinesis ReadProvisionedThroughputExceeded raw",
        ("firehose PutRecordBatch", "rejected"): "AWS/Firehose ThrottledRecords rejected",
        ("dynamodb", ""): "AWS/DynamoDB WriteThrottleEvents leases",
    }
    for name in names.values():
        found[name] = []
    for what, times in throttled.items():
        for (start, text), name in names.items():
            if what.startswith(start) and text in what:
                found[name] += [Point(at, 1.0) for at in times]
                break
    return found
