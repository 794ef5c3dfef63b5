"""A document that is fetched again now and then, and whose last good version outlives a bad new one."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class NeverRead(Exception):  # noqa: N818 - said of a document
    """There is no version to work with, not even an old one."""


class Cached(Generic[Value]):
    """`fetch` and `parse` may raise; `failed` is told each time.

    Times are seconds on the caller's clock. After a failure the next try is sooner than a refresh, but not at
    once: a broken document must not make each request fetch it.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        parse: Callable[[bytes], Value],
        failed: Callable[[Exception], None],
        *,
        refresh: float = 60.0,
        again: float = 10.0,
    ) -> None:
        self._fetch, self._parse, self._failed = fetch, parse, failed
        self._refresh, self._again = refresh, again
        self._value: Value | None = None
        self._next = float("-inf")

    def get(self, now: float) -> Value:
        """The newest good version.

        Raises:
            NeverRead: no version was ever good.
        """
        if now >= self._next:
            try:
                self._value = self._parse(self._fetch())
                self._next = now + self._refresh
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a new version, the old one is good
                self._next = now + self._again
                self._failed(error)
        if self._value is None:
            raise NeverRead
        return self._value
