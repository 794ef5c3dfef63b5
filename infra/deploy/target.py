"""The target of a deployment: account, region, clients."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

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

_DENIED = frozenset({"ExpiredToken", "InvalidClientTokenId", "AccessDenied", "SignatureDoesNotMatch"})


@dataclass(frozen=True)
class Target:
    """An account and region, and a way to its services.

    Its session is made with it, so that credentials are looked up then. Each service's client is made once: botocore
    reads a megabyte of JSON for it, and a deployment asks CloudFormation every few seconds.
    """

    account: str
    region: str
    session: boto3.Session = field(default_factory=boto3.Session, repr=False, compare=False)
    _made: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        if (self.region, service) not in self._made:
            make: Any = (
                self.session.client
            )  # its type lists every service by literal name; ours is an argument
            self._made[self.region, service] = make(
                service, region_name=self.region, config=Config(retries={"mode": "standard"})
            )
        return self._made[self.region, service]

    @property
    def clients(self) -> Callable[[str], Any]:
        return self.client

    def elsewhere(self, region: str) -> "Target":
        return replace(self, region=region)


def find_target(environment: Environment) -> Target:
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
    return replace(wanted, account=account)
