"""Runs enrichments over records. The failure of one costs its own columns and no more."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from enrich_consumer.core import base_columns
from enrich_consumer.core.consent import refuses_ads
from enrich_consumer.core.engine.context import (
    Agent,
    Browser,
    EnrichmentContext,
    Location,
    Page,
    Referrer,
    agent_of,
    browser_of,
    headers_of,
    page_texts,
)
from enrich_consumer.core.engine.enrichment import CacheCounters, Enrichment, EventFiller, Finalizer, Step
from enrich_consumer.core.engine.shared_columns import ColumnFiller, SharedColumnsCache, T, drop
from enrich_consumer.core.enriched_event import EnrichedEvent, fragment, joined
from enrich_consumer.core.record import Record, Reject, Row
from reference_data.lookups import References

AGENTS = 8_000_000
LOCATIONS = 24_000_000
BROWSERS = 2_000_000
PAGES = 16_000_000
REFERRERS = 8_000_000
"""Bytes of the caches of shared columns at most, by the curve of `python -m benchmarks caches` on the shop's mix."""
ENTRY_BYTES = 800
"""Bytes of an entry besides its columns, by the sizes of their objects."""


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
        self._agents = _shared(Agent._make, [(one, one.step.per_agent) for one in built], AGENTS)
        self._locations = _shared(Location._make, [(one, one.step.per_location) for one in built], LOCATIONS)
        self._browsers = _shared(Browser._make, [(one, one.step.per_browser) for one in built], BROWSERS)
        self._pages = _shared(Page._make, [(one, one.step.per_page) for one in built], PAGES)
        self._referrers = _shared(Referrer._make, [(one, one.step.per_referrer) for one in built], REFERRERS)
        self._events: list[tuple[str, EventFiller, frozenset[str]]] = [
            (name, step.per_event, owned) for name, step, owned in built if step.per_event
        ]
        self._finalizers: list[tuple[str, Finalizer, frozenset[str]]] = [
            (name, step.finalize, owned) for name, step, owned in built if step.finalize
        ]
        self.caches: dict[str, CacheCounters] = {
            "agent": self._agents.info,
            "location": self._locations.info,
            "browser": self._browsers.info,
            "page": self._pages.info,
            "referrer": self._referrers.info,
        }
        for one in built:
            self.caches |= one.step.caches

    def enrich(self, record: Record) -> list[EnrichedEvent]:
        """The record's events with every column that the enrichments found; session columns are still null.

        A column that is absent is null too (docs/decisions/0014-rows-without-nulls.md).

        Raises:
            Reject: the record cannot be processed at all; nothing else is raised.
        """
        context = EnrichmentContext(record)
        enriched = self._enrich(record, context)
        for name, finalize, owned in self._finalizers:
            try:
                change = finalize(context)
                if change is not None:
                    for event in enriched:
                        change(event.unshare())
            except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
                for event in enriched:
                    _mark_failed(event, name, owned)
        return enriched

    def _enrich(self, record: Record, context: EnrichmentContext) -> list[EnrichedEvent]:
        headers = headers_of(record)
        version = self._references_version()
        of_record = fragment(base_columns.record_row(record))
        site = record.site
        last_fields: tuple[object, ...] | None = None
        enriched = []
        for event in record.events:
            get = event.get
            fields = (get("screen"), get("language"), get("consent"))
            if fields != last_fields:  # one browser sent all events of a record: nearly always the same
                last_fields = fields
                browser = browser_of(headers, event)
                refuses_analytics = browser.analytics is False
                of_browser = self._browsers.get(browser)
                of_location = self._locations.get((record.ip, site.ip_policy, version, refuses_analytics))
                of_agent = self._agents.get(agent_of(record, headers, of_location.row))
                client_rows = (of_agent.row, of_location.row, of_browser.row)
                context.agent, context.location, context.browser = client_rows
                of_client = joined(of_agent.json, of_location.json, of_browser.json, of_record)
                of_client_failed = of_agent.failed + of_location.failed + of_browser.failed
                context.refuses_analytics = refuses_analytics
                without_clicks = refuses_ads(record, browser.ads)
            url, referrer, context.title, malformed = page_texts(record, event)
            of_page = self._pages.get((url, without_clicks, malformed))
            context.page = page = of_page.row
            of_referrer = self._referrers.get(
                (
                    site,
                    referrer,
                    page.get("page_host"),
                    page.get("utm_source"),
                    page.get("utm_medium"),
                    page.get("utm_campaign"),
                    page.get("click_network"),
                    without_clicks,
                )
            )
            context.referrer = of_referrer.row
            failed = (
                list(dict.fromkeys(of_client_failed + of_page.failed + of_referrer.failed))
                if of_client_failed or of_page.failed or of_referrer.failed
                else []
            )
            row = base_columns.event_row(event, failed)
            one = EnrichedEvent(
                row, of_page.json, of_referrer.json, of_client, rows=(page, of_referrer.row, *client_rows)
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


def _shared(
    make: Callable[[tuple[object, ...]], T],
    parts: Sequence[tuple[_Built, Callable[[T, Row], None] | None]],
    max_bytes: int,
) -> SharedColumnsCache[T]:
    fillers = [ColumnFiller(one.name, part, one.owned) for one, part in parts if part]
    return SharedColumnsCache(make, fillers, max_bytes, ENTRY_BYTES)


def _owned(enrichment: Enrichment) -> frozenset[str]:
    return frozenset((*(column.name for column in enrichment.provides), *enrichment.redacts))


def _mark_failed(event: EnrichedEvent, name: str, owned: frozenset[str]) -> None:
    """Drop what enrichment `name` provides and redacts, wherever in the event it is."""
    columns = event.unshare()
    drop(columns, owned)
    if name not in columns["enrich_errors"]:
        columns["enrich_errors"].append(name)
