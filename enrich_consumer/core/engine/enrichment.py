"""The type of an enrichment: its columns, what it requires, and how it is built."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from enrich_consumer.core.engine.context import (
    Agent,
    Browser,
    EnrichmentContext,
    Location,
    Page,
    Referrer,
)
from enrich_consumer.core.record import Event, Row
from reference_data.lookups import References
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


CacheCounters = Callable[[], CacheInfo]
EventFiller = Callable[[EnrichmentContext, Event, Row], None]
Finalizer = Callable[[EnrichmentContext], Callable[[Row], None] | None]


class Step(NamedTuple):
    """An enrichment ready to run; any of its parts may be absent.

    Each part fills columns into `row`, IN PLACE; `row` holds what earlier enrichments found for the same agent, page …
    or event. A column is filled by one part only. An exception out of any part costs this enrichment's columns and
    adds its name to `enrich_errors`.

    `per_agent(agent, row)`, `per_location`, `per_browser`, `per_page`, `per_referrer`: columns that follow from that
    alone (core/engine/context.py). The results are cached, so these parts must be pure.
    `per_event(context, event, row)`: columns of one event.
    `finalize(context)` runs after all enrichments. It returns a function to apply to each complete row, or None when
    nothing is to be changed (the usual case).
    `caches`: counters of its own caches by name, for the figures.
    """

    per_agent: Callable[[Agent, Row], None] | None = None
    per_location: Callable[[Location, Row], None] | None = None
    per_browser: Callable[[Browser, Row], None] | None = None
    per_page: Callable[[Page, Row], None] | None = None
    per_referrer: Callable[[Referrer, Row], None] | None = None
    per_event: EventFiller | None = None
    finalize: Finalizer | None = None
    caches: Mapping[str, CacheCounters] = MappingProxyType({})


class Enrichment(NamedTuple):
    """One line of ENRICHMENTS.

    `provides`: its columns. `requires`: columns of earlier enrichments that it reads. `redacts`: columns of others
    that it cleans; when it fails they are dropped with its own, because they may hold what must not leave.
    `required`: no setting can leave it out.
    """

    name: str
    description: str
    provides: tuple[Column, ...]
    requires: tuple[str, ...]
    build: Callable[[References], Step]
    redacts: tuple[str, ...] = ()
    required: bool = False
