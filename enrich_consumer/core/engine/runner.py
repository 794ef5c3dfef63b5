"""Runs enrichments over records. The failure of one costs its own columns and no more."""

from collections.abc import Sequence
from typing import NamedTuple

from enrich_consumer.core import base_columns
from enrich_consumer.core.engine.context import (
    Client,
    EnrichmentContext,
    Page,
    client_of,
    headers_of,
    page_fields,
)
from enrich_consumer.core.engine.enrichment import CacheCounters, Enrichment, EventFiller, Finalizer, Step
from enrich_consumer.core.engine.shared_columns import ColumnFiller, SharedColumnsCache, drop
from enrich_consumer.core.enriched_event import EnrichedEvent, fragment
from enrich_consumer.core.record import Record, Reject
from reference_data.lookups import References

CLIENTS = 32_000_000
PAGES = 12_000_000
"""Bytes of the caches of shared columns, by the curve of `python -m benchmarks caches` on the shop's mix. A page with
its referrer is a step, which comes again in a small shop only; URLs by themselves are in `clean_urls`."""
CLIENT_BYTES = 1_800
PAGE_BYTES = 900
"""Bytes of an entry besides its columns: 3,300 and 1,750 in all, by the sizes of their objects."""


class _Built(NamedTuple):
    """`owned`: the columns that are dropped when the enrichment fails: its own and those it redacts."""

    name: str
    step: Step
    owned: frozenset[str]


class Runner:
    """Enrichments, built and in their order. `caches`: counters of all caches in it, by name."""

    def __init__(self, enrichments: Sequence[Enrichment], references: References) -> None:
        built = [_Built(one.name, one.build(references), _owned(one)) for one in enrichments]
        self._references_version = references.version
        self._clients = SharedColumnsCache[Client](
            Client._make,
            [ColumnFiller(name, step.per_client, owned) for name, step, owned in built if step.per_client],
            CLIENTS,
            CLIENT_BYTES,
        )
        self._pages = SharedColumnsCache[Page](
            Page._make,
            [ColumnFiller(name, step.per_page, owned) for name, step, owned in built if step.per_page],
            PAGES,
            PAGE_BYTES,
        )
        self._events: list[tuple[str, EventFiller, frozenset[str]]] = [
            (name, step.per_event, owned) for name, step, owned in built if step.per_event
        ]
        self._finalizers: list[tuple[str, Finalizer, frozenset[str]]] = [
            (name, step.finalize, owned) for name, step, owned in built if step.finalize
        ]
        self.caches: dict[str, CacheCounters] = {"client": self._clients.info, "page": self._pages.info}
        for one in built:
            self.caches |= one.step.caches

    def enrich(self, record: Record) -> list[EnrichedEvent]:
        """The record's events with every column that the enrichments found; session columns are still null.

        A column that is absent is null too (docs/decisions/0014-rows-without-nulls.md).

        Raises:
            Reject: the record cannot be processed at all; nothing else is raised.
        """
        enriched = self._enrich(record)
        for name, finalize, owned in self._finalizers:
            try:
                change = finalize(record)
                if change is not None:
                    for event in enriched:
                        change(event.unshare())
            except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
                for event in enriched:
                    _mark_failed(event, name, owned)
        return enriched

    def _enrich(self, record: Record) -> list[EnrichedEvent]:
        context = EnrichmentContext(record)
        headers = headers_of(record)
        version = self._references_version()
        of_record = fragment(base_columns.record_row(record))
        last_fields: tuple[object, ...] | None = None
        enriched = []
        for event in record.events:
            get = event.get
            fields = (get("screen"), get("language"), get("consent"))
            if fields != last_fields:  # one browser sent all events of a record: nearly always the same
                last_fields = fields
                client = client_of(record, headers, event, version)
                of_client = self._clients.get(client)
                context.client = of_client.row
                context.refuses_analytics = client.analytics is False
                without_clicks = client.refuses_ads
            of_page = self._pages.get(page_fields(record, event, without_clicks=without_clicks))
            context.page = of_page.row
            failed = (
                list(dict.fromkeys(of_client.failed + of_page.failed))
                if of_client.failed or of_page.failed
                else []
            )
            row = base_columns.event_row(event, failed)
            one = EnrichedEvent(
                row, of_page.json, of_client.json, of_record, rows=(of_page.row, of_client.row)
            )
            for name, fill, owned in self._events:
                try:
                    fill(context, event, one.columns)
                except Reject:
                    raise  # no failure but a verdict
                except Exception:  # noqa: BLE001 - as above
                    _mark_failed(one, name, owned)
            enriched.append(one)
        return enriched


def _owned(enrichment: Enrichment) -> frozenset[str]:
    return frozenset((*(column.name for column in enrichment.provides), *enrichment.redacts))


def _mark_failed(event: EnrichedEvent, name: str, owned: frozenset[str]) -> None:
    """Drop what enrichment `name` provides and redacts, wherever in the event it is."""
    columns = event.unshare()
    drop(columns, owned)
    if name not in columns["enrich_errors"]:
        columns["enrich_errors"].append(name)
