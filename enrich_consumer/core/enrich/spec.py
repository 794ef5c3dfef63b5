"""What an enrichment is: its columns, what it needs, and how it is built."""

from collections.abc import Callable
from typing import NamedTuple

from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column


class Step(NamedTuple):
    """An enrichment ready to run; either half may be absent.

    `per_record` fills columns that are the same for every event of a record (user agent, geo): it runs once
    a record. `per_event` fills the columns of one event; `row` holds what earlier enrichments found.
    An exception out of either costs only this enrichment's columns and adds its name to `enrich_errors`.
    """

    per_record: Callable[[Record, Row], None] | None = None
    per_event: Callable[[Record, Event, Row], None] | None = None


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
