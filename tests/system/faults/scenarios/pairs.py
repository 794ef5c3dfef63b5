"""Two faults at once."""

import signal
from collections.abc import Callable
from functools import partial

from tests.system.faults.fault_proxy import Rule
from tests.system.faults.play import Scenario
from tests.system.faults.scenarios.dependencies import INGEST_LASTS_SECONDS, LASTS_SECONDS
from tests.system.faults.service import kill
from tests.system.faults.stage import Stage


def _kill_processor(stage: Stage) -> None:
    kill(stage.service.processors(stage.service.alive()[0])[0])


def _kill_task(stage: Stage) -> None:
    stage.service.alive()[0].send_group(signal.SIGKILL)


def _sigterm(stage: Stage) -> None:
    stage.service.alive()[0].send(signal.SIGTERM)


def _both(stage: Stage, rules: list[Rule], strike: Callable[[Stage], None] | None = None) -> None:
    stage.hurt(*(one for rule in rules for one in _by_stream(stage, rule)))
    stage.last(2)
    if strike:
        strike(stage)
    puts = any(rule["operation"] == PUTS for rule in rules)
    stage.last((INGEST_LASTS_SECONDS if puts else LASTS_SECONDS) - 2)
    stage.hurt()
    stage.over()


def _by_stream(stage: Stage, rule: Rule) -> list[Rule]:
    """A rule for puts as one for each stream, so that the faults of each are counted apart."""
    if rule["operation"] != PUTS:
        return [rule]
    return [rule | {"contains": stream} for stream in (stage.facts.raw_stream, stage.facts.enriched_stream)]


def _rule(service: str, kind: str, operation: str = "") -> Rule:
    return {"service": service, "kind": kind, "operation": operation}


PUTS = "PutRecords"
RESTARTS = ("consumer-restarts",)


def _pair(
    name: str, says: str, rules: list[Rule], strike: Callable[[Stage], None] | None, *alarms: str
) -> Scenario:
    return Scenario(f"pair-{name}", says, partial(_both, rules=rules, strike=strike), "two at once", alarms)


SCENARIOS = (
    _pair(
        "01-streams-throttle",
        "both streams throttle every write",
        [_rule("kinesis", "throttle", PUTS)],
        None,
        "ingest-unavailable",
        "raw-stream-throttled",  # while nothing comes in, hardly anything is put into the enriched stream
    ),
    _pair(
        "02-puts-fail-kill-processor",
        "every put gets 500, and a processor is killed",
        [_rule("kinesis", "error", PUTS)],
        _kill_processor,
        *RESTARTS,
        "ingest-unavailable",
    ),
    _pair("03-s3-slow-sigterm", "S3 is slow, and the task gets SIGTERM", [_rule("s3", "slow")], _sigterm),
    _pair(
        "04-dynamodb-away-kill-task",
        "DynamoDB is out of reach, and the task is killed",
        [_rule("dynamodb", "refuse")],
        _kill_task,
        "consumer-tasks",
    ),
    _pair(
        "05-firehose-and-s3-fail",
        "Firehose and S3 answer 500",
        [_rule("firehose", "error"), _rule("s3", "error")],
        None,
    ),
    _pair(
        "06-puts-half-kill-task",
        "puts are half refused, and the task is killed",
        [_rule("kinesis", "partial", PUTS)],
        _kill_task,
        "consumer-tasks",
    ),
    _pair(
        "07-cut-and-kill-processor",
        "answers to puts are cut off, and a processor is killed",
        [_rule("kinesis", "cut", PUTS)],
        _kill_processor,
        *RESTARTS,
    ),
    _pair(
        "08-s3-cut-kill-task",
        "answers of S3 are cut off, and the task is killed",
        [_rule("s3", "cut")],
        _kill_task,
        "consumer-tasks",
    ),
)
