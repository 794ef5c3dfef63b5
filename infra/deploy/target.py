"""Where a deployment goes: account, region, clients; checked before anything is changed."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    TokenRetrievalError,
)

from infra.deploy.stacks import DeployError
from infra.environments.settings import Environment

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
_OLDEST_BOOTSTRAP = 6
_DENIED = frozenset({"ExpiredToken", "InvalidClientTokenId", "AccessDenied", "SignatureDoesNotMatch"})
_SPARE_CONCURRENCY = 100
"""Lambda keeps so many executions unreserved in every account."""


class Target(NamedTuple):
    """An account and region, and a way to its services."""

    account: str
    region: str

    def client(self, service: str) -> Any:
        # A session of its own, so that credentials are looked up now; `Any`, because the type of `client`
        # lists every service by literal name and ours comes as an argument.
        make: Any = boto3.Session().client
        return make(service, region_name=self.region, config=Config(retries={"mode": "standard"}))

    @property
    def clients(self) -> Callable[[str], Any]:
        return self.client

    def elsewhere(self, region: str) -> "Target":
        return self._replace(region=region)


def find(environment: Environment) -> Target:
    """The account of the credentials at hand, in the environment's region.

    Raises:
        DeployError: no credentials, expired ones, or those of another account than the file names.
    """
    wanted = Target(environment.account.id, environment.account.region)
    try:
        account = str(wanted.client("sts").get_caller_identity()["Account"])
    except (NoCredentialsError, PartialCredentialsError, TokenRetrievalError) as error:
        raise DeployError(
            f"no AWS credentials ({error}); sign in with: aws sso login, or set AWS_PROFILE"
        ) from None
    except ClientError as error:
        if error.response["Error"]["Code"] in _DENIED:
            raise DeployError(
                f"AWS refuses the credentials: {error.response['Error']['Message']}; sign in again"
            ) from None
        raise
    except BotoCoreError as error:
        raise DeployError(f"AWS in {wanted.region} cannot be reached: {error}") from None
    if environment.account.id and account != environment.account.id:
        raise DeployError(
            f"the credentials are of account {account}, but {environment.name} lives in "
            f"{environment.account.id}; set AWS_PROFILE, or account.id in its file"
        )
    return wanted._replace(account=account)


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
