"""The secret behind the cookieless visitor hash: made once, kept in SSM Parameter Store, never shown."""

import secrets
from typing import Any

from botocore.exceptions import ClientError


def ensure(ssm: Any, name: str) -> bool:
    """Put a fresh secret of 256 bits under `name` unless there is one; True if it was put.

    It is never overwritten: a new secret gives every cookieless visitor of the day a new identity.
    """
    try:
        ssm.put_parameter(
            Name=name,
            Type="SecureString",
            Value=secrets.token_urlsafe(32),
            Description="Key of the daily hash that stands for a visitor without cookies.",
            Overwrite=False,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterAlreadyExists":
            return False
        raise
    return True
