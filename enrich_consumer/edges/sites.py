"""Reads the sites document from a file or from SSM Parameter Store."""

from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from schemas import Sites, SitesError, parse_sites


def load_sites(uri: str) -> Sites:
    """`ssm:/parameter` or `file:/path` → the sites.

    Raises:
        SitesError: it cannot be read, or its content cannot be used.
    """
    scheme, _, name = uri.partition(":")
    if scheme == "file":
        try:
            return parse_sites(Path(name).read_bytes())
        except OSError as error:
            raise SitesError(f"the sites document cannot be read: {error}") from None
    if scheme == "ssm":
        try:
            answer = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
        except (BotoCoreError, ClientError) as error:
            raise SitesError(f"the sites document cannot be read from {uri}: {error}") from None
        return parse_sites(answer["Parameter"]["Value"])
    raise SitesError(f"the sites document's URI is {uri!r}; it has to be ssm:/parameter or file:/path")
