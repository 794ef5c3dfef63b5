"""A problem that the person at the keyboard can act on."""

import sys


class Problem(Exception):  # noqa: N818 - said to a person, in the person's words
    """What is wrong and what to do about it, in one or two sentences. `code`: the same for a script; docs/operations.md
    lists those of the tools."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(f"{code}: {text}" if code else text)
        self.code = code


def of_aws(error: Exception) -> str | None:
    """What an error of AWS's client says to the person at the keyboard, with a code; None: it is another one."""
    found = sys.modules.get("botocore.exceptions")  # whoever never imported it raised none of these
    if found is None:
        return None
    if isinstance(error, found.EndpointConnectionError | found.ConnectionClosedError | found.HTTPClientError):
        return f"not_reachable: {error}. Does the stack run? rastro doctor looks; then the same again"
    if isinstance(error, found.ClientError):
        return f"aws_error: {error}"
    return None
