"""Each service that the parts depend on: out of reach, slow, failing, throttling, half refusing, cut off."""

import json
from collections.abc import Callable
from functools import partial

from rastro.synthetic_shop import Request, Sent, Verdict, plan
from tests.system.faults.fault_proxy import Rule
from tests.system.faults.play import Scenario
from tests.system.faults.stage import Stage
from tests.system.kcl.daemons import wait_for

LASTS_SECONDS = 9.0
INGEST_LASTS_SECONDS = 20.0
"""Ingest itself repeats a put for 9.5 s before it answers 503."""

KINDS = {
    "refuse": "cannot be reached",
    "slow": "answers after 5 s",
    "error": "answers 500",
    "throttle": "throttles everything",
    "partial": "takes every second record of a batch only",
    "cut": "does the work, but the connection ends in the middle of the answer",
}


def _network(stage: Stage, rule: Rule, contains: str = "", seconds: float = LASTS_SECONDS) -> None:
    """`contains`: the field of the stage's facts whose value the request names."""
    named = {"contains": getattr(stage.facts, contains)} if contains else {}
    stage.hurt(rule | named)
    stage.last(seconds)
    stage.hurt()
    stage.over()


def _cold_network(stage: Stage, rule: Rule) -> None:
    """The same with new instances of the ingest function, which have read nothing yet; from the first that asks."""

    def asked() -> int:
        return sum(count for name, count in stage.proxy.counts().items() if f" {rule['kind']}" in name)

    before = asked()
    stage.hurt(rule)
    stage.function()
    wait_for(lambda: asked() > before, lambda: f"a new instance asks {rule['service']}")
    stage.struck()
    stage.last(LASTS_SECONDS)
    stage.hurt()
    stage.over()


def _scenarios(
    name: str,
    what: str,
    kinds: str,
    hurt: Callable[[str], Callable[[Stage], None]],
    alarms: dict[str, tuple[str, ...]],
    requests: Callable[[int, int], list[Request]] | None = None,
) -> list[Scenario]:
    return [
        Scenario(
            f"{name}-{kind}",
            f"{what} {KINDS[kind]}",
            hurt(kind),
            name,
            alarms.get(kind, ()),
            requests=requests,
        )
        for kind in kinds.split()
    ]


def _raw(kind: str) -> Callable[[Stage], None]:
    rule = {"service": "kinesis", "operation": "PutRecords", "kind": kind}
    return partial(_network, rule=rule, contains="raw_stream", seconds=INGEST_LASTS_SECONDS)


def _enriched(kind: str) -> Callable[[Stage], None]:
    rule = {"service": "kinesis", "operation": "PutRecords", "kind": kind}
    return partial(_network, rule=rule, contains="enriched_stream")


def _reads(kind: str) -> Callable[[Stage], None]:
    return partial(_network, rule={"service": "kinesis", "operation": "GetRecords", "kind": kind})


def _plain(service: str) -> Callable[[str], Callable[[Stage], None]]:
    return lambda kind: partial(_network, rule={"service": service, "kind": kind})


def _firehose(kind: str) -> Callable[[Stage], None]:
    def hurt(stage: Stage) -> None:
        rule = {"service": "firehose", "kind": kind}
        # The rejected delivery by its name, so that its faults are counted apart.
        stage.hurt(rule | {"contains": stage.facts.rejected_delivery}, rule)
        stage.last(INGEST_LASTS_SECONDS)
        stage.hurt()
        stage.over()

    return hurt


def _with_bad_events(seed: int, now: int) -> list[Request]:
    """The shop's load, each request with one more event, which ingest has to reject and keep."""
    found = []
    for number, request in enumerate(plan(seed, 100, now).requests):
        body = json.loads(request.body)
        if "events" not in body:
            body = {"events": [body]}
        event = {"event": "", "event_id": f"bad0{seed:04d}-0000-4000-8000-{(now + number) % 10**12:012d}"}
        events = (*request.events, Sent(event["event_id"], event, Verdict.REJECTED))
        text = json.dumps(body | {"events": [*body["events"], event]}).encode()
        found.append(request._replace(body=text, events=events, is_copy=False))
    return found


def _some_without_cookies(seed: int, now: int) -> list[Request]:
    """The shop's load, every third request of somebody who takes no cookie: only for those the secret is read."""
    requests = plan(seed, 2500, now).requests
    without = [one for one in requests if b'"visitor_id"' not in one.body and not one.is_copy]
    others = [one for one in requests if b'"visitor_id"' in one.body]
    mixed = zip(others[::2], others[1::2], without, strict=False)
    return [request for three in mixed for request in three][:90]


def _ssm(kind: str) -> Callable[[Stage], None]:
    return partial(_cold_network, rule={"service": "ssm", "kind": kind})


REFUSED = ("ingest-5xx", "ingest-unavailable")
ALL_KINDS = "refuse slow error throttle partial cut"
SINGLE_KINDS = "refuse slow error throttle cut"

SCENARIOS = (
    *_scenarios(
        "raw-stream",
        "the raw stream",
        ALL_KINDS,
        _raw,
        {
            "refuse": REFUSED,
            "slow": (*REFUSED, "ingest-latency"),
            "error": REFUSED,
            "throttle": (*REFUSED, "raw-stream-throttled"),
            "partial": ("raw-stream-throttled",),
            "cut": REFUSED,
        },
    ),
    *_scenarios(
        "enriched-stream",
        "the enriched stream",
        ALL_KINDS,
        _enriched,
        {"throttle": ("enriched-stream-throttled",), "partial": ("enriched-stream-throttled",)},
    ),
    *_scenarios("reads", "the raw stream's reader", SINGLE_KINDS, _reads, {}),
    *_scenarios(
        "dynamodb",
        "DynamoDB",
        SINGLE_KINDS,
        _plain("dynamodb"),
        {"throttle": ("lease-table-throttled-leases-writes",)},
    ),
    *_scenarios("s3", "S3", SINGLE_KINDS, _plain("s3"), {}),
    *_scenarios(
        "firehose",
        "Firehose",
        ALL_KINDS,
        _firehose,
        {
            "refuse": REFUSED,
            "slow": REFUSED,
            "error": REFUSED,
            "throttle": (*REFUSED, "rejected-delivery-throttled"),
            "partial": ("rejected-delivery-throttled",),
            "cut": REFUSED,
        },
        _with_bad_events,
    ),
    *_scenarios(
        "ssm",
        "SSM, asked by cold instances of ingest,",
        SINGLE_KINDS,
        _ssm,
        dict.fromkeys(SINGLE_KINDS.split(), ("cookieless-secret", "sites-document")),
        _some_without_cookies,
    ),
)
