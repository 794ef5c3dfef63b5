"""What an enrichment is: its columns, what it needs, and how it is built."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from enrich_consumer.core.engine.context import Client, EnrichmentContext, Page
from enrich_consumer.core.engine.lookups import References
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

    `per_client` and `per_page` fill what follows from the client or the page alone: it is remembered, so they
    must be pure. `row` holds what earlier enrichments found for the same client or page.
    `per_event` fills the columns of one event; the context holds what is shared, `row` what earlier enrichments
    found for this event. A column belongs to one of the three.
    `finalize(record)` runs after all enrichments. It returns a function to apply to each complete row, or None when
    nothing is to be changed (the usual case).
    `caches`: counters of its caches (as `functools.lru_cache` gives them) by name, for the figures.
    An exception out of any costs only this enrichment's columns and adds its name to `enrich_errors`.
    """

    per_client: Callable[[Client, Row], None] | None = None
    per_page: Callable[[Page, Row], None] | None = None
    per_event: Callable[[EnrichmentContext, Event, Row], None] | None = None
    finalize: Callable[[Record], Callable[[Row], None] | None] | None = None
    caches: Mapping[str, Callable[[], CacheInfo]] = MappingProxyType({})


class Enrichment(NamedTuple):
    """One line of ENRICHMENTS.

    `requires`: columns of earlier enrichments that it reads. `redacts`: columns of others that it cleans; when it
    fails they are lost too: they may hold what must not leave. `required`: no setting can leave it out.
    """

    name: str
    description: str
    provides: tuple[Column, ...]
    requires: tuple[str, ...]
    build: Callable[[References], Step]
    redacts: tuple[str, ...] = ()
    required: bool = False
