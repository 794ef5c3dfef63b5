"""The target of a deployment: account, region, clients."""

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

_DENIED = frozenset({"ExpiredToken", "InvalidClientTokenId", "AccessDenied", "SignatureDoesNotMatch"})


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
    return wanted._replace(account=account)
