"""The data source of the pages: the store of the tails, the lake, and the health of the parts behind them."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from console.questions import Period, Question
from console.tails import Tails


class AnyLake(Protocol):
    """Questions to the lake, local or Athena."""

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer of a query in Athena's dialect."""

    def answer(self, asked: Question) -> list[dict[str, Any]]:
        """The answer of a dashboard's question."""

    def files_of(self, event_id: str) -> list[dict[str, Any]]:
        """The rows of an event with the file that holds each."""

    def close(self) -> None:
        """Let go of what is open."""


class Source(NamedTuple):
    """`name`: of the environment. `health`: asked anew for each look at the page; sections of rows.
    `gap_ms`: the site's gap, for what counts as open now. `clock`: epoch milliseconds. `try_it`: a command that posts
    an event. `price`: what a dashboard's queries over a period cost at most, in words, where they cost anything: then
    it asks first. `hourly`: what the console's own reading costs an hour, in words. `recover`: puts back what
    was refused for a reason between two times (epoch ms), or with True only says what would go back; what it said."""

    name: str
    tails: Tails
    lake: AnyLake
    health: Callable[[], dict[str, list[dict[str, Any]]]]
    clock: Callable[[], int]
    gap_ms: int = 30 * 60_000
    try_it: str = ""
    price: Callable[[Period | None], str] | None = None
    recover: Callable[[str, int, int, bool], str] | None = None
    hourly: Callable[[], str] | None = None
