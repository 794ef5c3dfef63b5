"""The alarms of the synthesized template, held against what a scenario's parts emitted.

A fault here lasts seconds, an alarm's period minutes. So the time of the fault stands for one period, and an alarm
counts as fired when that period would be a breaching one, that is: when it would fire if the fault went on. Counts are
brought to the length of the period. An alarm that needs three breaching periods or more has to breach in as many equal
parts of the time. A threshold that is itself a time (lag) is passed when the wait grew along with the
fault.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rastro.local.deployment import CACHE, REPOSITORY, _digest

ENVIRONMENT = "prod"

TIMES = {"MillisBehindLatest": 1000.0, "DeliveryToS3.DataFreshness": 1.0}
"""Metrics that are a wait; how many of their units are a second."""


LASTING = 3
"""An alarm that needs so many breaching periods is for what lasts: it has to breach in each part of the time."""


class Point(NamedTuple):
    """One value of a metric. `at`: epoch seconds."""

    at: float
    value: float


Series = Mapping[str, list[Point]]
"""By metric, as `name_of` calls it."""


class Alarm(NamedTuple):
    """As the template has it. `metrics`: by id, (series, statistic); `expression`: of these ids, empty for one."""

    name: str
    metrics: dict[str, tuple[str, str]]
    expression: str
    period: float
    threshold: float
    comparison: str
    breaching_when_missing: bool
    points: int = 1


def templates() -> Path:
    """The folder with the synthesized production environment; made once for each state of its sources."""
    folder = CACHE.parent / "faults-template" / _digest()
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            command = [sys.executable, "-m", "infra", ENVIRONMENT, "--out", work]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
            assert done.returncode == 0, done.stderr
            (Path(work) / ENVIRONMENT).rename(folder)
    return folder


def read(folder: Path) -> list[Alarm]:
    """Every alarm of every stack that a person gets to see."""
    return [
        _alarm(resource["Properties"])
        for path in sorted(folder.glob("*.template.json"))
        for resource in json.loads(path.read_text(encoding="utf-8"))["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "AlarmName" in resource["Properties"]
    ]


def _alarm(properties: Mapping[str, Any]) -> Alarm:
    metrics: dict[str, tuple[str, str]] = {}
    expression, period = "", float(properties.get("Period", 300))
    for entry in properties.get("Metrics", ()):
        if "Expression" in entry:
            expression = entry["Expression"]
        else:
            stat = entry["MetricStat"]
            metrics[entry["Id"]] = (name_of(stat["Metric"]), stat["Stat"])
            period = float(stat["Period"])
    if not metrics:
        statistic = properties.get("Statistic") or properties.get("ExtendedStatistic", "Sum")
        metrics["m"] = (name_of(properties), statistic)
    return Alarm(
        str(properties["AlarmName"]).removeprefix(f"rastro-{ENVIRONMENT}-"),
        metrics,
        expression,
        period,
        float(properties["Threshold"]),
        properties["ComparisonOperator"],
        properties.get("TreatMissingData") == "breaching",
        int(properties.get("DatapointsToAlarm", properties.get("EvaluationPeriods", 1))),
    )


def name_of(metric: Mapping[str, Any]) -> str:
    """`namespace name role`, the role being raw, enriched or rejected where resources of one kind are distinguished."""
    dimensions = json.dumps(metric.get("Dimensions", []))
    role = ""
    if metric["Namespace"] in ("AWS/Kinesis", "AWS/Firehose"):
        # names in the template are references to the pipeline's resources
        role = next((role for role in ("enriched", "rejected", "raw") if role in dimensions.lower()), "")
    elif metric["Namespace"] == "AWS/DynamoDB":
        role = "" if "CoordinatorState" in dimensions or "WorkerMetricStats" in dimensions else "leases"
    return f"{metric['Namespace']} {metric['MetricName']} {role}".strip()


def fired(alarms: Iterable[Alarm], series: Series, since: float, until: float) -> list[str]:
    """Names of the alarms that the time from `since` to `until` would set off."""
    return sorted(alarm.name for alarm in alarms if _fires(alarm, series, since, until))


def _fires(alarm: Alarm, series: Series, since: float, until: float) -> bool:
    parts = alarm.points if alarm.points >= LASTING else 1
    step = (until - since) / parts
    found = [_breaches(alarm, series, since + i * step, since + (i + 1) * step) for i in range(parts)]
    verdicts = [breaches for breaches in found if breaches is not None]
    return bool(verdicts) and all(verdicts)


def _breaches(alarm: Alarm, series: Series, since: float, until: float) -> bool | None:
    """None: there was nothing to judge by, as before the first request of a slow service is answered."""
    length = max(until - since, 1.0)
    values: dict[str, float | None] = {}
    for name, (metric, statistic) in alarm.metrics.items():
        if metric not in series:
            return False  # nothing here emits it
        points = [point for point in series[metric] if since <= point.at <= until]
        short = metric.split()[1]
        if short in TIMES:
            return _grew(points, TIMES[short], length) if alarm.comparison.startswith("Greater") else False
        values[name] = _value(points, statistic, alarm.period / length)
    value = _evaluate(alarm.expression, values) if alarm.expression else next(iter(values.values()))
    if value is None:
        return True if alarm.breaching_when_missing else None
    return {
        "GreaterThanThreshold": value > alarm.threshold,
        "GreaterThanOrEqualToThreshold": value >= alarm.threshold,
        "LessThanThreshold": value < alarm.threshold,
        "LessThanOrEqualToThreshold": value <= alarm.threshold,
    }[alarm.comparison]


def _grew(points: list[Point], unit: float, length: float) -> bool:
    return bool(points) and max(point.value for point in points) / unit >= 0.6 * length


def _value(points: list[Point], statistic: str, more: float) -> float | None:
    found = sorted(point.value for point in points)
    if not found:
        return None
    if statistic == "Sum":
        return sum(found) * more
    if statistic == "SampleCount":
        return len(found) * more
    if statistic.startswith("p"):
        return found[min(len(found) - 1, int(len(found) * float(statistic[1:]) / 100))]
    by_name: dict[str, Callable[[list[float]], float]] = {"Maximum": max, "Minimum": min}
    return by_name.get(statistic, lambda all_: sum(all_) / len(all_))(found)


def _evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """CloudWatch's metric math as far as our alarms use it: IF, FILL, AND, OR and arithmetic."""
    python = re.sub(r"\bAND\b", "and", re.sub(r"\bOR\b", "or", expression))
    python = re.sub(r"\bIF\(", "IF_(", python)
    functions = {
        "FILL": lambda value, instead: instead if value is None else value,
        "IF_": lambda condition, yes, no: yes if condition else no,
    }
    lazy = dict(values.items())
    try:
        result = eval(python, {"__builtins__": {}}, {**functions, **lazy})
    except (TypeError, ZeroDivisionError):
        return None  # a value is missing
    return None if result is None else float(result)
