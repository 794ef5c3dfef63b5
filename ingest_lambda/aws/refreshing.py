"""A document that is fetched again now and then; the last good version stays when a new one is bad."""

from collections.abc import Callable
from typing import Generic, TypeVar

from schemas.times import MonotonicSeconds

Value = TypeVar("Value")


class NeverLoaded(Exception):  # noqa: N818 - said of a document
    """There is no version to work with, not even an old one. `is_transient`: asking again at once may help."""

    def __init__(self, *, is_transient: bool) -> None:
        super().__init__()
        self.is_transient = is_transient


class Refreshing(Generic[Value]):
    """`fetch` and `parse` may raise; `on_failure` is called each time.

    `first`: a version that is at hand without fetching, None without one; it serves until a fetch succeeds. Times are
    seconds on the caller's clock; `jitter` gives a random number from 0 to 1, so that instances that started together
    do not ask together for ever. After a failure the next try is sooner than a refresh, but not at once: a broken
    document must not make each request fetch it. Only without any version, after an error whose `is_transient` is
    true, each call tries.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        parse: Callable[[bytes], Value],
        on_failure: Callable[[Exception], None],
        *,
        refresh: float = 60.0,
        retry_after: float = 10.0,
        first: bytes | None = None,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._fetch, self._parse, self._on_failure = fetch, parse, on_failure
        self._refresh, self._retry_after = refresh, retry_after
        self._first, self._jitter = first, jitter
        self._value: Value | None = None
        self._next = float("-inf")
        self._is_transient = False

    def get(self, now: MonotonicSeconds) -> Value:
        """The newest good version.

        Raises:
            NeverLoaded: no version was ever good.
        """
        if now >= self._next:
            try:
                self._value = self._parse(self._fetch())
                self._next = now + self._refresh * (1 + self._jitter() / 4)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a new version, the old one is good
                self._on_failure(error)
                if self._value is None and self._first is not None:
                    self._value = self._parsed_first(self._first)
                self._is_transient = bool(getattr(error, "is_transient", False))
                if self._value is not None or not self._is_transient:
                    self._next = now + self._retry_after * (1 + self._jitter() / 4)
        if self._value is None:
            raise NeverLoaded(is_transient=self._is_transient)
        return self._value

    def _parsed_first(self, text: bytes) -> Value | None:
        self._first = None
        try:
            return self._parse(text)
        except Exception as error:  # noqa: BLE001 - then there is no first version
            self._on_failure(error)
            return None
