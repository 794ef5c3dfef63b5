"""Where the sites document is read from."""

from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from schemas import Sites, SitesError, parse_sites


def load_sites(address: str) -> Sites:
    """`ssm:/parameter` or `file:/path` → the sites.

    Raises:
        SitesError: it cannot be read, or its content cannot be used.
    """
    scheme, _, place = address.partition(":")
    if scheme == "file":
        try:
            return parse_sites(Path(place).read_bytes())
        except OSError as error:
            raise SitesError(f"the sites document cannot be read: {error}") from None
    if scheme == "ssm":
        try:
            answer = boto3.client("ssm").get_parameter(Name=place, WithDecryption=True)
        except (BotoCoreError, ClientError) as error:
            raise SitesError(f"the sites document cannot be read from {address}: {error}") from None
        return parse_sites(answer["Parameter"]["Value"])
    raise SitesError(f"the sites document's place is {address!r}; it has to be ssm:/parameter or file:/path")
