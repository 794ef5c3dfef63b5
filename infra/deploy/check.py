"""Checks a deployed environment. Each check is one question to AWS; one that cannot be asked says so.

What is wrong comes with what to do: a section of the runbook, or a command.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.error import URLError
from urllib.request import urlopen

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import preflight, stacks, trace
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments.resource_names import EDGE_REGION, NOTIFIERS, RUNBOOK
from infra.environments.settings import Environment
from lake import layout

Answer = tuple[bool | None, str]
"""Well, wrong, or None: worth knowing; and what was found."""


class _Deployed:
    """The deployed environment, with the pipeline's outputs."""

    def __init__(self, environment: Environment, target: Target) -> None:
        self.environment = environment
        self.target = target
        self.outputs = stacks.outputs(f"{environment.prefix}-pipeline", target.client)


def findings(environment: Environment, target: Target) -> Iterator[tuple[str, bool | None, str]]:
    """(what was looked at, well, what was found), from the stacks to the newest row."""
    there = False
    for name, region in _stack_names(environment).items():
        state = stacks.status(name, target.elsewhere(region or target.region).client)
        well, detail = _of_stack(state, environment.name)
        there = there or (name == f"{environment.prefix}-pipeline" and state in _USABLE)
        yield f"stack {name}", well, detail
    if not there:
        return
    at = _Deployed(environment, target)
    for what, (ask, advice) in _CHECKS.items():
        try:
            answer = ask(at)
        except (ClientError, BotoCoreError, DeployError, URLError, TimeoutError) as error:
            answer = (False, f"{type(error).__name__}: {error}")
        if answer is not None:
            well, found = answer
            yield what, well, f"{found}; {advice.format(env=environment.name)}" if well is False else found


_USABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
"""States of a stack whose resources are there; the last deployment may have been taken back."""


def _of_stack(state: str | None, name: str) -> Answer:
    again = f"make deploy ENV={name}"
    if state is None:
        return False, f"not deployed; run: {again}"
    if state.endswith("_IN_PROGRESS"):
        return None, f"{state}: a deployment is under way"
    if state.endswith("DELETE_FAILED"):
        return False, f"{state}; run: make destroy ENV={name}"
    if "ROLLBACK" in state or not state.endswith("_COMPLETE"):
        return False, f"{state}: the last deployment failed; its first failed event says why, then: {again}"
    return True, state


_ADVICE = {
    "accepted": "the API refuses it: the function's log says why",
    "raw stream": f"the function answers but writes elsewhere; {RUNBOOK}#raw-stream-throttled",
    "enriched stream": f"the consumer does not read or does not write; {RUNBOOK}#consumer-stalled",
    "Athena": f"the file is there, but the table does not show it; {RUNBOOK}#enriched-delivery-late",
    "lake": f"Firehose holds it; {RUNBOOK}#enriched-delivery-late",
}


def journey(
    environment: Environment, target: Target, patience: trace.Patience | None = None
) -> Iterator[tuple[str, bool | None, str]]:
    """An event posted now and followed through every stage, with the seconds since it was posted."""
    if not stacks.exists(f"{environment.prefix}-pipeline", target.client):
        return
    try:
        outputs = stacks.outputs(f"{environment.prefix}-pipeline", target.client)
        for step in trace.follow(environment, target, outputs, patience or trace.Patience()):
            if step.seconds is None:
                yield f"event: {step.stage}", False, f"{step.detail}; {_ADVICE[step.stage]}"
            elif step.detail.startswith(layout.ERRORS):
                advice = f"{RUNBOOK}#enriched-conversion-failed"
                yield f"event: {step.stage}", False, f"{step.seconds:.1f} s, but as {step.detail}; {advice}"
            else:
                yield f"event: {step.stage}", True, f"{step.seconds:.1f} s, {step.detail}"
    except (ClientError, BotoCoreError, DeployError) as error:
        yield "event", False, f"{type(error).__name__}: {error}; what is wrong above comes first"


def _stack_names(environment: Environment) -> dict[str, str | None]:
    """Name of each stack that the environment has, and its region where that is another."""
    chosen = environment.stacks
    wanted = {
        "image": chosen.consumer,
        "pipeline": True,
        "consumer": chosen.consumer,
        "analytics": chosen.analytics,
        "jobs": chosen.analytics,
        "dashboards": chosen.analytics and bool(environment.analytics.quicksight_user),
        "monitoring": chosen.monitoring,
        "edge": chosen.edge,
    }
    return {
        f"{environment.prefix}-{name}": EDGE_REGION if name == "edge" else None
        for name, there in wanted.items()
        if there
    }


def _api(at: _Deployed) -> Answer | None:
    url = trace.api_url(at.environment, at.target, at.outputs)
    with urlopen(f"{url}/v1/health", timeout=20) as answer:  # noqa: S310 - from our own stack
        return bool(answer.status == 200), f"{url}/v1/health answers {answer.status}"


def _streams(at: _Deployed) -> Answer | None:
    kinesis = at.target.client("kinesis")
    states = []
    for key in ("RawStream", "EnrichedStream"):
        found = kinesis.describe_stream_summary(StreamName=at.outputs[key])["StreamDescriptionSummary"]
        states.append(f"{at.outputs[key]} {found['StreamStatus']}, {found.get('OpenShardCount', '?')} shards")
    return all(" ACTIVE" in line for line in states), "; ".join(states)


def _deliveries(at: _Deployed) -> Answer | None:
    firehose = at.target.client("firehose")
    states = {}
    for key in ("EnrichedDelivery", "RejectedDelivery", "RawDelivery"):
        name = at.outputs[key]
        described = firehose.describe_delivery_stream(DeliveryStreamName=name)
        states[name] = described["DeliveryStreamDescription"]["DeliveryStreamStatus"]
    return set(states.values()) == {"ACTIVE"}, ", ".join(f"{name} {state}" for name, state in states.items())


def _secret(at: _Deployed) -> Answer | None:
    at.target.client("ssm").get_parameter(Name=at.outputs["SaltParameter"])
    return True, at.outputs["SaltParameter"]


def _keys(at: _Deployed) -> Answer | None:
    text = at.target.client("ssm").get_parameter(Name=at.outputs["SitesParameter"])["Parameter"]["Value"]
    if text != at.environment.sites_text:
        return (
            False,
            f"{at.outputs['SitesParameter']} differs from {at.environment.sites}",
        )
    if "replace_me" in text:
        return False, f"{at.environment.sites} still has the example's keys"
    return True, f"{at.outputs['SitesParameter']} is as {at.environment.sites} says"


def _rows(at: _Deployed) -> Answer | None:
    """The newest object of the last two days; what the canary measures all the time."""
    s3 = at.target.client("s3")
    now = datetime.now(UTC)
    newest: datetime | None = None
    for back in (0, 1):
        day = (now - timedelta(days=back)).strftime(f"{layout.ENRICHED}{layout.DAY}=%Y-%m-%d/")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=at.outputs["Bucket"], Prefix=day):
            written = [entry["LastModified"] for entry in page.get("Contents", ())]
            newest = max([newest, *written], key=_or_earliest)
    if newest is None:
        return None, "no enriched row since yesterday"
    return True, f"newest enriched file is {int((now - newest).total_seconds())} s old"


def _or_earliest(moment: datetime | None) -> datetime:
    return moment or datetime.min.replace(tzinfo=UTC)


def _consumer(at: _Deployed) -> Answer | None:
    if not at.environment.stacks.consumer:
        return None
    environment = at.environment
    preflight.check_image(at.target, environment)
    (found,) = at.target.client("ecs").describe_services(
        cluster=environment.prefix, services=[environment.application]
    )["services"]
    running, wanted = found["runningCount"], found["desiredCount"]
    return running >= wanted, f"{running} of {wanted} tasks run, image {environment.consumer.image_tag}"


def _alarms(at: _Deployed) -> Answer | None:
    if not at.environment.stacks.monitoring:
        return None
    found = at.target.client("cloudwatch").describe_alarms(
        AlarmNamePrefix=f"{at.environment.prefix}-", StateValue="ALARM"
    )["MetricAlarms"]
    # Each alarm's description ends with its section in the runbook.
    names = [
        f"{alarm['AlarmName']} ({alarm.get('AlarmDescription', '').rpartition(' ')[2]})" for alarm in found
    ]
    return not names, ", ".join(names) or "none fires"


def _errors(at: _Deployed) -> Answer | None:
    """Rows that Firehose could not convert, of the last two days."""
    s3 = at.target.client("s3")
    since = datetime.now(UTC) - timedelta(days=2)
    counts: dict[str, int] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=at.outputs["Bucket"], Prefix=layout.ERRORS
    ):
        for entry in page.get("Contents", ()):
            if entry["LastModified"] >= since:
                kind = entry["Key"].removeprefix(layout.ERRORS).split("/")[0]
                counts[kind] = counts.get(kind, 0) + 1
    if not counts:
        return True, f"nothing below {layout.ERRORS} for two days"
    found = ", ".join(f"{count} of {kind}" for kind, count in sorted(counts.items()))
    return False, f"{found} below {layout.ERRORS} in two days"


def _lag(at: _Deployed) -> Answer | None:
    """How old the newest record was that the consumer read, at worst in ten minutes."""
    if not at.environment.stacks.consumer:
        return None
    now = datetime.now(UTC)
    points = at.target.client("cloudwatch").get_metric_statistics(
        Namespace="Rastro",
        MetricName="MillisBehindLatest",
        Dimensions=[{"Name": "Application", "Value": at.environment.application}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    if not points:
        return False, f"the consumer has reported nothing for ten minutes ({RUNBOOK}#consumer-stalled)"
    seconds = max(point["Maximum"] for point in points) / 1000
    well = seconds <= at.environment.monitoring.lag_minutes * 60
    return well, f"{seconds:.0f} s at worst"


def _quotas(at: _Deployed) -> Answer | None:
    preflight.check_quotas(at.target, at.environment)
    return True, "the environment fits the account's limits, as far as they may be asked for"


def _key_policy(at: _Deployed) -> Answer | None:
    """Whether the services that notify may use the key of the alarm topic: else every alarm is mute."""
    if at.environment.protection.encryption_key != "own":
        return None
    policy = at.target.client("kms").get_key_policy(
        KeyId=f"alias/{at.environment.prefix}", PolicyName="default"
    )
    missing = [name for name in NOTIFIERS if f"{name}.amazonaws.com" not in policy["Policy"]]
    if missing:
        return False, f"{', '.join(missing)} may not use the key, so alarms reach nobody"
    return True, "CloudWatch, Budgets and EventBridge may use the key of the alarm topic"


def _subscribers(at: _Deployed) -> Answer | None:
    if not at.environment.stacks.monitoring:
        return None
    topic = stacks.outputs(f"{at.environment.prefix}-monitoring", at.target.client)["AlarmTopic"]
    found = at.target.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [s for s in found if s["SubscriptionArn"] != "PendingConfirmation"]
    if not confirmed:
        return False, "nobody has confirmed" if found else "nobody is subscribed"
    return True, f"alarms reach {len(confirmed)} subscribers"


_CHECKS: dict[str, tuple[Callable[[_Deployed], Answer | None], str]] = {
    "API": (_api, f"{RUNBOOK}#ingest-5xx"),
    "streams": (_streams, f"wait, or {RUNBOOK}#raw-stream-throttled"),
    "deliveries": (_deliveries, f"run: make deploy ENV={{env}}, or {RUNBOOK}#enriched-delivery-late"),
    "cookieless secret": (_secret, f"{RUNBOOK}#cookieless-secret"),
    "sites document": (_keys, f"choose, then: make deploy ENV={{env}}; {RUNBOOK}#sites-document"),
    "quotas": (_quotas, "docs/deploy.md#when-it-stops"),
    "consumer": (_consumer, f"{RUNBOOK}#consumer-tasks"),
    "lag": (_lag, f"{RUNBOOK}#consumer-lag"),
    "error prefixes": (_errors, f"{RUNBOOK}#enriched-conversion-failed"),
    "key policy": (_key_policy, "run: make deploy ENV={env}"),
    "alarm subscribers": (
        _subscribers,
        "confirm the e-mail of SNS, or set monitoring.emails and: make deploy ENV={env}",
    ),
    "alarms": (_alarms, "each has its section in the runbook"),
    "rows": (_rows, f"{RUNBOOK}#enriched-delivery-late"),
}
"""What is looked at, by which question, and what to do where it is wrong."""
