"""Checks before anything is changed: bootstrap, quotas, the consumer's image."""

import contextlib
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import stacks
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments.resource_names import EDGE_REGION
from infra.environments.settings import Environment

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
_OLDEST_BOOTSTRAP = 6
_FARGATE_VCPU = "L-3032A538"
"""Fargate On-Demand vCPU resource count."""
_SPARE_CONCURRENCY = 100
"""Lambda keeps so many executions unreserved in every account."""


def check_bootstrap(target: Target, environment: Environment) -> None:
    """Raise `DeployError` unless CDK's bootstrap stack is there and new enough."""
    try:
        version = int(target.client("ssm").get_parameter(Name=BOOTSTRAP)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        version = 0
    if version < _OLDEST_BOOTSTRAP:
        raise DeployError(
            f"account {target.account} is not bootstrapped in {target.region}; "
            f"run: make bootstrap ENV={environment.name}"
        )


def check_lock(target: Target, environment: Environment) -> None:
    """Raise `DeployError` where the lock would come before the edge: the storefront still posts to the API itself."""
    pipeline = f"{environment.prefix}-pipeline"
    if not environment.locked or not stacks.exists(pipeline, target.client):
        return
    locked = stacks.outputs(pipeline, target.client).get("Locked") == "true"
    if not locked and not stacks.exists(f"{environment.prefix}-edge", target.elsewhere(EDGE_REGION).client):
        raise DeployError(
            f"{environment.name} takes events without the edge now; locked at once, it would refuse them until the "
            "storefront posts to the edge. First: edge.lock = false and deploy; let the storefront post to the edge; "
            "then edge.lock = true and deploy"
        )


def check_quotas(target: Target, environment: Environment) -> None:
    """Raise `DeployError` for a limit of the account that the environment would run into half-way.

    Limits that the credentials may not ask for are not checked: that is no reason not to deploy.
    """
    for check in (_check_concurrency, _check_streams, _check_tasks):
        with contextlib.suppress(ClientError, BotoCoreError):
            check(target, environment)


def _request(target: Target, service: str, code: str = "") -> str:
    """Where a higher quota is asked for: the page of one quota, or of the service's."""
    page = f"services/{service}/quotas/{code}".rstrip("/")
    return f"ask for more: https://{target.region}.console.aws.amazon.com/servicequotas/home/{page}"


def _check_concurrency(target: Target, environment: Environment) -> None:
    reserved = environment.ingest.reserved_concurrency
    limits = target.client("lambda").get_account_settings()["AccountLimit"]
    total = limits["ConcurrentExecutions"]
    if reserved and reserved > total - _SPARE_CONCURRENCY:
        raise DeployError(
            f"ingest.reserved_concurrency is {reserved}, but the account's limit for Lambda is {total}, of which "
            f"{_SPARE_CONCURRENCY} stay unreserved; lower it, or {_request(target, 'lambda', 'L-B99A9384')}"
        )


def _check_streams(target: Target, environment: Environment) -> None:
    """Only what is new must still fit: streams and shards that are there already are counted by the account."""
    streams, kinesis = environment.streams, target.client("kinesis")
    limits = kinesis.describe_limits()
    there = {f"{environment.prefix}-{role}" for role in ("raw", "enriched")} & set(
        kinesis.list_streams(ExclusiveStartStreamName=environment.prefix).get("StreamNames", ())
    )
    if streams.mode == "on_demand":
        used, most = limits["OnDemandStreamCount"], limits["OnDemandStreamCountLimit"]
        if not there and used + 2 > most:
            raise DeployError(
                f"two on-demand streams are wanted, {used} of {most} are in use; "
                f"{_request(target, 'kinesis')}"
            )
        return
    wanted = streams.raw_shards + streams.enriched_shards - _open_shards(kinesis, there)
    if limits["OpenShardCount"] + wanted > limits["ShardLimit"]:
        raise DeployError(
            f"{wanted} shards are wanted, {limits['OpenShardCount']} of {limits['ShardLimit']} are in use; "
            f"{_request(target, 'kinesis')}"
        )


def _open_shards(kinesis: Any, names: Iterable[str]) -> int:
    described = (
        kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"] for name in names
    )
    return sum(int(found["OpenShardCount"]) for found in described)


def _check_tasks(target: Target, environment: Environment) -> None:
    """New accounts have few Fargate processors. A deployment runs old and new tasks side by side."""
    if not environment.stacks.consumer:
        return
    consumer = environment.consumer
    wanted = 2 * consumer.tasks_max * consumer.cpu / 1024
    most = _quota(target, "fargate", _FARGATE_VCPU)
    if wanted > most:
        raise DeployError(
            f"consumer.tasks_max of {consumer.tasks_max} tasks, twice during a deployment, needs {wanted:g} processors "
            f"of Fargate; the account's limit is {most:g}. Lower it, or {_request(target, 'fargate', _FARGATE_VCPU)}"
        )


def _quota(target: Target, service: str, code: str) -> float:
    """The account's own value; AWS's default where none was applied to the account."""
    quotas = target.client("service-quotas")
    try:
        found = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
        found = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
    return float(found["Quota"]["Value"])


def check_image(target: Target, environment: Environment) -> None:
    """Raise `DeployError` unless the consumer's image is in the repository."""
    tag = environment.consumer.image_tag
    try:
        target.client("ecr").describe_images(
            repositoryName=environment.application, imageIds=[{"imageTag": tag}]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ImageNotFoundException", "RepositoryNotFoundException"}:
            raise
        raise DeployError(
            f"the repository {environment.application} has no image {tag}; "
            f"run: make image ENV={environment.name}, then deploy again"
        ) from None
