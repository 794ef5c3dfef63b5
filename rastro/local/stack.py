"""Start and stop the local stack. For the commands `up`, `down`, `demo`, and for tests.

with start(Path(".rastro")) as stack:
    post(f"{stack.facts.api_url}/v1/events", key=stack.facts.site_key, ...)
    stack.client("s3").list_objects_v2(Bucket=stack.facts.bucket)
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rastro.local.facts import LocalFacts


class LocalStack:
    """A running stack. Leaving the `with` block stops every process that `start` started."""

    facts: LocalFacts

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, for example `client("kinesis")`."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise `Problem` with the last log lines if the emulator or the consumer has died."""
        raise NotImplementedError

    def stop(self) -> None:
        """Consumer first (it hands its leases over and saves), then the emulator; idempotent."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    home: Path = Path(".rastro"),
    *,
    consumer: bool = True,
    port: int | None = None,
    tell: Callable[[str], None] = print,
) -> LocalStack:
    """Start the emulator, deploy the synthesized `local` template, start the consumer, write local.json.

    `home`: everything the stack writes lies under it; two stacks need two homes. `port`: the
    emulator's, else a free one. `tell` gets one line per step. What runs when this fails is stopped.

    Raises:
        Problem: the port is taken, the disk is full, a stack runs under `home` already, or a
            process died (with its last log lines).
    """
    raise NotImplementedError
