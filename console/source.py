"""What the pages read: the store of the tails, the lake, and the health of the parts behind them."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from console.tails import Tails


class AnyLake(Protocol):
    """Questions to the lake, local or Athena."""

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer of a query in Athena's dialect."""

    def files_of(self, event_id: str) -> list[dict[str, Any]]:
        """The rows of an event with the file that holds each."""

    def newest_files(self, most: int) -> list[str]:
        """The files that came last."""


class Source(NamedTuple):
    """`name`: of the environment. `health`: asked anew for each look at the page; sections of names and values.
    `gap_ms`: the site's gap, for what counts as open now. `clock`: epoch milliseconds. `try_it`: a command that posts
    an event."""

    name: str
    tails: Tails
    lake: AnyLake
    health: Callable[[], dict[str, list[dict[str, Any]]]]
    clock: Callable[[], int]
    gap_ms: int = 30 * 60_000
    try_it: str = ""
