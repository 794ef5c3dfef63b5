"""Puts enrichments together into one function; the failure of one costs its own columns and no more."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from enrich_consumer.core import base_columns
from enrich_consumer.core.emit import whole
from enrich_consumer.core.engine.context import (
    Client,
    EnrichmentContext,
    Page,
    client_of,
    headers_of,
    page_of,
)
from enrich_consumer.core.engine.enrichment import CacheInfo, Enrichment, Step
from enrich_consumer.core.engine.lookups import References
from enrich_consumer.core.engine.shared_columns import (
    ColumnFiller,
    NotCachedError,
    SharedColumns,
    SharedColumnsCache,
    drop,
    members,
    shared_columns_cache,
)
from enrich_consumer.core.record import Enrich, Enriched, Event, Record, Reject, Row

CLIENTS = 4096
PAGES = 8192


class Assembled(NamedTuple):
    """The function that enriches, and the counters of all caches in it by name."""

    enrich: Enrich
    caches: Mapping[str, Callable[[], CacheInfo]]


class _Parts(NamedTuple):
    """All parts in the order of the list, by what they read."""

    clients: SharedColumnsCache
    pages: SharedColumnsCache
    events: tuple[tuple[str, Callable[[EnrichmentContext, Event, Row], None], frozenset[str]], ...]
    finalize: tuple[tuple[str, Callable[[Record], Callable[[Row], None] | None], frozenset[str]], ...]


def assemble(specs: Sequence[Enrichment], references: References) -> Assembled:
    """Make the function that enriches a record with `specs`.

    A row holds what is known: a column that is not there is null (docs/decisions/0014-rows-without-nulls.md).
    What events share is found and written once (docs/decisions/0045-shared-columns-are-written-once.md).
    """
    steps = [(spec.name, _lost(spec), spec.build(references)) for spec in specs]
    parts = _parts(steps)
    caches: dict[str, Callable[[], CacheInfo]] = {"client": parts.clients.info, "page": parts.pages.info}
    for _, _, step in steps:
        caches |= step.caches

    def enrich(record: Record) -> list[Enriched]:
        enriched = _events(record, parts, references.version())
        for name, look, lost in parts.finalize:
            try:
                clean = look(record)
                if clean is not None:
                    enriched = [_cleaned(one, clean) for one in enriched]
            except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
                enriched = [_without(one, name, lost) for one in enriched]
        return enriched

    return Assembled(enrich, caches)


def _parts(steps: Sequence[tuple[str, frozenset[str], Step]]) -> _Parts:
    clients = [ColumnFiller(name, step.per_client, lost) for name, lost, step in steps if step.per_client]
    pages = [ColumnFiller(name, step.per_page, lost) for name, lost, step in steps if step.per_page]
    return _Parts(
        shared_columns_cache(Client, clients, CLIENTS),
        shared_columns_cache(Page, pages, PAGES),
        tuple((name, step.per_event, lost) for name, lost, step in steps if step.per_event),
        tuple((name, step.finalize, lost) for name, lost, step in steps if step.finalize),
    )


def _lost(spec: Enrichment) -> frozenset[str]:
    return frozenset((*(column.name for column in spec.provides), *spec.redacts))


_ROOMY: Row = dict.fromkeys(
    (
        "event_id",
        "event_name",
        "event_at",
        "event_date",
        "is_time_suspect",
        "session_id",
        "session_started_at",
        "session_event_index",
        "is_session_start",
        "is_late",
        "enrich_errors",
    )
)
"""Columns that every row gets. A copy is sooner filled than a new dict: it grows once less."""


def _events(record: Record, parts: _Parts, references: str | None) -> list[Enriched]:
    context = EnrichmentContext(record)
    headers = headers_of(record)
    mine = members(base_columns.record_row(record)) + b"}\n"
    last: tuple[object, ...] | None = None
    enriched: list[Enriched] = []
    for event in record.events:
        get = event.get
        told = (get("screen"), get("language"), get("consent"))
        if told != last:  # one browser sent all events of a record, so it is nearly always the same
            last = told
            client = client_of(record, headers, event, references)
            known = _layer(parts.clients.of, client)
            without_clicks = client.refuses_ads
            context.client = known.row
            context.refuses_analytics = client.analytics is False
            tail = known.json + mine
        found = _layer(parts.pages.of, page_of(record, event, without_clicks=without_clicks))
        context.page = found.row
        row = _ROOMY.copy()
        row["enrich_errors"] = _failed(known, found) if known.failed or found.failed else []
        base_columns.fill_event(event, row)
        one: Enriched = (row, found.json + tail)
        for name, fill, lost in parts.events:
            try:
                fill(context, event, one[0])
            except Reject:
                raise  # no failure but a verdict
            except Exception:  # noqa: BLE001 - as above
                one = _without(one, name, lost)
        enriched.append(one)
    return enriched


def _failed(known: SharedColumns, found: SharedColumns) -> list[str]:
    return list(dict.fromkeys(known.failed + found.failed))


def _layer(of: Callable[..., SharedColumns], fields: tuple[object, ...]) -> SharedColumns:
    try:
        return of(*fields)
    except NotCachedError as found:
        return found.layer


def _without(one: Enriched, name: str, lost: frozenset[str]) -> Enriched:
    """The whole row without what enrichment `name` gives and guards."""
    row = whole(*one)
    drop(row, lost)
    if name not in row["enrich_errors"]:
        row["enrich_errors"].append(name)
    return row, b""


def _cleaned(one: Enriched, clean: Callable[[Row], None]) -> Enriched:
    row = whole(*one)
    clean(row)
    return row, b""
