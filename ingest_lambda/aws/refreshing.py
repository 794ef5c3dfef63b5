"""A document that is fetched again now and then; the last good version stays when a new one is bad."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class NeverLoaded(Exception):  # noqa: N818 - said of a document
    """There is no version to work with, not even an old one."""


class Refreshing(Generic[Value]):
    """`fetch` and `parse` may raise; `on_failure` is called each time.

    Times are seconds on the caller's clock. After a failure the next try is sooner than a refresh, but not at
    once: a broken document must not make each request fetch it.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        parse: Callable[[bytes], Value],
        on_failure: Callable[[Exception], None],
        *,
        refresh: float = 60.0,
        retry_after: float = 10.0,
    ) -> None:
        self._fetch, self._parse, self._on_failure = fetch, parse, on_failure
        self._refresh, self._retry_after = refresh, retry_after
        self._value: Value | None = None
        self._next = float("-inf")

    def get(self, now: float) -> Value:
        """The newest good version.

        Raises:
            NeverLoaded: no version was ever good.
        """
        if now >= self._next:
            try:
                self._value = self._parse(self._fetch())
                self._next = now + self._refresh
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a new version, the old one is good
                self._next = now + self._retry_after
                self._on_failure(error)
        if self._value is None:
            raise NeverLoaded
        return self._value
