"""What an enrichment is: its columns, what it needs, and how it is built."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column


class CacheInfo(Protocol):
    """What `functools.lru_cache` counts."""

    @property
    def hits(self) -> int: ...
    @property
    def misses(self) -> int: ...
    @property
    def maxsize(self) -> int | None: ...
    @property
    def currsize(self) -> int: ...


class Step(NamedTuple):
    """An enrichment ready to run; any of its parts may be absent.

    `per_record` fills columns that are the same for every event of a record (user agent, geo): it runs once
    a record. `per_event` fills the columns of one event; `row` holds what earlier enrichments found.
    `at_last` sees all rows of a record when every enrichment is through.
    `caches`: counters of its caches (as `functools.lru_cache` gives them) by name, for the figures.
    An exception out of either costs only this enrichment's columns and adds its name to `enrich_errors`.
    """

    per_record: Callable[[Record, Row], None] | None = None
    per_event: Callable[[Record, Event, Row], None] | None = None
    at_last: Callable[[Record, list[Row]], None] | None = None
    caches: Mapping[str, Callable[[], CacheInfo]] = MappingProxyType({})


class Spec(NamedTuple):
    """One line of ENRICHMENTS.

    `needs`: columns of earlier enrichments that it reads. `guards`: columns of others that it cleans; when it
    fails they are lost too: they may hold what must not leave. `required`: no setting can leave it out.
    """

    name: str
    description: str
    gives: tuple[Column, ...]
    needs: tuple[str, ...]
    build: Callable[[References], Step]
    guards: tuple[str, ...] = ()
    required: bool = False
