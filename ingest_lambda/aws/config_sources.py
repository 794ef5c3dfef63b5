"""The edge to settings that live outside: SSM Parameter Store on AWS, a file elsewhere."""

from collections.abc import Callable
from pathlib import Path

from ingest_lambda.aws.client import AwsError, Service

MIN_SECRET = 16  # bytes


class ConfigUnreadable(Exception):  # noqa: N818 - said of a document
    """The document is not there or not usable; the message names its source and the cause, never its content."""


def reader(source: str, ssm: Service) -> Callable[[], bytes]:
    """A function that fetches the document at `ssm:/name` or `file:/path`, each time anew.

    The function raises ConfigUnreadable.
    """
    scheme, _, name = source.partition(":")

    def from_ssm() -> bytes:
        try:
            answer = ssm.call("GetParameter", {"Name": name, "WithDecryption": True})
        except AwsError as error:
            raise ConfigUnreadable(f"{source}: {error}") from error
        return str(answer["Parameter"]["Value"]).encode()

    def from_file() -> bytes:
        try:
            return Path(name).read_bytes()
        except OSError as error:
            raise ConfigUnreadable(f"{source}: {error.strerror}") from error

    return from_ssm if scheme == "ssm" else from_file


def secret_of(text: bytes) -> bytes:
    """The secret behind cookieless ids.

    Raises:
        ConfigUnreadable: too short to be one, so that an empty parameter cannot pass for a secret.
    """
    secret = text.strip()
    if len(secret) < MIN_SECRET:
        raise ConfigUnreadable(f"the secret has {len(secret)} bytes, fewer than {MIN_SECRET}")
    return secret
