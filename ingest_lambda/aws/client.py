"""The edge to AWS services that speak JSON 1.1 (Kinesis, Firehose, SSM): one open connection, one attempt a call."""

import select
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from ingest_lambda.aws.sigv4 import Credentials, signed

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 3.0  # PutRecords takes some 20 ms; what has no answer after this has none
IDLE_SECONDS = (
    10.0  # a connection that was idle longer is not trusted: Lambda freezes, the other side hangs up
)


class AwsError(Exception):
    """The service said no; `code` is its name for it."""

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"{operation}: {code}")
        self.code = code


class NoResponse(AwsError):  # noqa: N818 - it is no error of the service; perhaps the call was done
    """Nobody knows whether the call was done: no connection, or it broke or timed out half-way."""


class Aws(NamedTuple):
    """Where and as whom to call. `endpoint` gives the URL of a service."""

    region: str
    credentials: Credentials
    endpoint: Callable[[str], str]

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Aws":
        """Read the variables that Lambda sets, and AWS_ENDPOINT_URL[_SERVICE] as the SDKs do."""
        region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1"
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"

        def endpoint(service: str) -> str:
            named = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL")
            return named or f"https://{service}.{region}.{domain}"

        credentials = Credentials(
            env.get("AWS_ACCESS_KEY_ID", ""),
            env.get("AWS_SECRET_ACCESS_KEY", ""),
            env.get("AWS_SESSION_TOKEN", ""),
        )
        return cls(region, credentials, endpoint)


class Service:
    """One service. Not for several threads at once: a Lambda instance has one request at a time.

    `targets` is the service's name in X-Amz-Target; `now` gives seconds since 1970, `ticks` seconds of a
    clock that never goes back.
    """

    def __init__(
        self, name: str, targets: str, aws: Aws, now: Callable[[], float], ticks: Callable[[], float]
    ) -> None:
        self._name, self._targets, self._aws = name, targets, aws
        self._now, self._ticks = now, ticks
        url = urlsplit(aws.endpoint(name))
        self._host = url.netloc
        self._make = HTTPSConnection if url.scheme == "https" else HTTPConnection
        self._connection: HTTPConnection | None = None
        self._used_at = 0.0

    def call(self, operation: str, request: Mapping[str, Any], seconds: float = ANSWER_SECONDS) -> Any:
        """The service's answer to one attempt; `seconds` bounds the wait for it.

        Raises:
            AwsError: the service refused; NoResponse: it is not known whether it was done.
        """
        body = orjson.dumps(request)
        headers = {
            "host": self._host,
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{self._targets}.{operation}",
        }
        stamp = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = signed(headers, body, self._name, self._aws.region, self._aws.credentials, stamp)
        try:
            connection = self._open(seconds)
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            status, answer = response.status, response.read()
        except (OSError, HTTPException) as error:
            self.close()
            raise NoResponse(operation, type(error).__name__) from error
        self._used_at = self._ticks()
        if status != 200:
            raise AwsError(operation, _code(answer, status))
        return orjson.loads(answer) if answer else {}

    def _open(self, seconds: float) -> HTTPConnection:
        """The open connection if it still stands, else a new one."""
        connection = self._connection
        if connection is not None and (
            connection.sock is None
            or self._ticks() - self._used_at > IDLE_SECONDS
            or select.select([connection.sock], [], [], 0)[0]  # something to read before a request: the end
        ):
            self.close()
            connection = None
        if connection is None:
            connection = self._make(self._host, timeout=min(CONNECT_SECONDS, seconds))
            connection.connect()
            self._connection = connection
        connection.sock.settimeout(seconds)
        return connection

    def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _code(answer: bytes, status: int) -> str:
    """The name of an error, which services write as `Name`, `prefix#Name` or `Name:address`."""
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        document = None
    named = document.get("__type") if isinstance(document, dict) else None
    if not isinstance(named, str) or not named:
        return f"Http{status}"
    return named.rpartition("#")[2].partition(":")[0]
