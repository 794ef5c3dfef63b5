"""AWS Signature Version 4 for what this function sends: POST to / with a body, no query.

Written here because the SDK's import alone takes longer than the whole of this function may:
docs/decisions/0020-aws-calls-without-the-sdk.md. A test compares it with the SDK's own signatures.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """As Lambda puts them into the environment; `token` is empty for long-lived ones."""

    access_key: str
    secret_key: str
    token: str = ""


def signed(
    headers: Mapping[str, str], body: bytes, service: str, region: str, credentials: Credentials, stamp: str
) -> dict[str, str]:
    """The headers (lower-case names, `host` among them) with date, token and authorization.

    `stamp` is the time as `20261121T212000Z`.
    """
    every = dict(headers) | {"x-amz-date": stamp}
    if credentials.token:
        every["x-amz-security-token"] = credentials.token
    names = sorted(every)
    canonical = "\n".join(
        [
            "POST",
            "/",
            "",
            *(f"{name}:{every[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.digest(_key(credentials.secret_key, stamp[:8], region, service), text.encode(), "sha256")
    every["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature.hex()}"
    )
    return every


@lru_cache(8)
def _key(secret_key: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key
