"""What is checked before anything is changed: bootstrap, quotas, the consumer's image."""

import contextlib

from botocore.exceptions import ClientError

from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments.settings import Environment

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
_OLDEST_BOOTSTRAP = 6
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


def check_quotas(target: Target, environment: Environment) -> None:
    """Raise `DeployError` for a limit of the account that the environment would run into half-way.

    Limits that the credentials may not ask for are not checked: that is no reason not to deploy.
    """
    reserved = environment.ingest.reserved_concurrency
    with contextlib.suppress(ClientError):
        _check_concurrency(target, reserved)
    if environment.streams.mode == "provisioned":
        with contextlib.suppress(ClientError):
            _check_shards(target, environment.streams.raw_shards + environment.streams.enriched_shards)


def _check_concurrency(target: Target, reserved: int) -> None:
    limits = target.client("lambda").get_account_settings()["AccountLimit"]
    total = limits["ConcurrentExecutions"]
    if reserved and reserved > total - _SPARE_CONCURRENCY:
        raise DeployError(
            f"ingest.reserved_concurrency is {reserved}, but the account's limit for Lambda is {total}, of which "
            f"{_SPARE_CONCURRENCY} stay unreserved; lower it, or ask for more under Service Quotas, AWS Lambda, "
            "Concurrent executions"
        )


def _check_shards(target: Target, wanted: int) -> None:
    limits = target.client("kinesis").describe_limits()
    if limits["OpenShardCount"] + wanted > limits["ShardLimit"]:
        raise DeployError(
            f"{wanted} shards are wanted, {limits['OpenShardCount']} of {limits['ShardLimit']} are in use; "
            "ask for more under Service Quotas, Amazon Kinesis Data Streams, Shards per Region"
        )


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
