"""The edge to settings that live outside: SSM Parameter Store on AWS, a file elsewhere."""

from collections.abc import Callable
from pathlib import Path

from ingest_lambda.aws.client import AwsError, NoResponse, Service
from ingest_lambda.aws.put_all import THROTTLES

TRANSIENT = THROTTLES | {"InternalServerError", "Http500", "Http502", "Http503", "Http504"}
MIN_SECRET = 16  # bytes


class ConfigUnreadable(Exception):  # noqa: N818 - said of a document
    """The document is not there or not usable; the message names its source and the cause, never its content.

    `is_transient`: the service was too busy or did not answer.
    """

    def __init__(self, message: str, *, is_transient: bool = False) -> None:
        super().__init__(message)
        self.is_transient = is_transient


def reader(source: str, ssm: Service) -> Callable[[], bytes]:
    """A function that fetches the document at `ssm:/name` or `file:/path`, each time anew.

    The function raises ConfigUnreadable.
    """
    scheme, _, name = source.partition(":")

    def from_ssm() -> bytes:
        try:
            answer = ssm.call("GetParameter", {"Name": name, "WithDecryption": True})
        except AwsError as error:
            is_transient = isinstance(error, NoResponse) or error.code in TRANSIENT
            raise ConfigUnreadable(f"{source}: {error}", is_transient=is_transient) from error
        return str(answer["Parameter"]["Value"]).encode()

    def from_file() -> bytes:
        try:
            return Path(name).read_bytes()
        except OSError as error:
            raise ConfigUnreadable(f"{source}: {error.strerror}") from error

    return from_ssm if scheme == "ssm" else from_file


PACKAGE = Path(__file__).parents[2]
"""The root of the function's package: /var/task on AWS."""


def packaged(path: str | None) -> bytes | None:
    """A document in the function's package, at this path below its root; None where there is none, which is no
    fault."""
    if path is None:
        return None
    try:
        return (PACKAGE / path).read_bytes()
    except OSError:
        return None


def secret_of(text: bytes) -> bytes:
    """The secret behind cookieless ids.

    Raises:
        ConfigUnreadable: too short to be one, so that an empty parameter cannot pass for a secret.
    """
    secret = text.strip()
    if len(secret) < MIN_SECRET:
        raise ConfigUnreadable(f"the secret has {len(secret)} bytes, fewer than {MIN_SECRET}")
    return secret
