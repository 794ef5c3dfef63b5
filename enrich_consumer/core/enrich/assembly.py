"""Puts enrichments together into one function; the failure of one costs its own columns and no more."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from enrich_consumer.core.enrich import envelope
from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.spec import CacheInfo, Spec
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

Enrich = Callable[[Record], list[Row]]
"""One row per event of the record, in its order. Never raises."""


class EnrichmentsError(ValueError):
    """The enrichments asked for do not work together; the message says what to change."""


class _RecordPart(NamedTuple):
    name: str
    fill: Callable[[Record, Row], None]
    blank: Row


class _EventPart(NamedTuple):
    name: str
    fill: Callable[[Record, Event, Row], None]
    blank: Row


class _LastPart(NamedTuple):
    name: str
    finish: Callable[[Record, list[Row]], None]
    blank: Row


def columns_of(specs: Sequence[Spec]) -> tuple[Column, ...]:
    """Every column of the enriched table in its order, with who writes it."""
    ours = (column._replace(writer=spec.name) for spec in specs for column in spec.gives)
    return tuple(chain(envelope.PIPELINE, envelope.SESSIONIZE, ours))


def select(names: Sequence[str] | None, specs: Sequence[Spec]) -> tuple[Spec, ...]:
    """The enrichments of these names in the order of the list; all of them when names is None.

    Raises:
        EnrichmentsError: a name is not in the list, a required one is not named, one needs a column that none
            before it gives, or two give the same column.
    """
    known = [spec.name for spec in specs]
    wanted = known if names is None else names
    for name in wanted:
        if name not in known:
            raise EnrichmentsError(f"no enrichment is called {name!r}; there are: {', '.join(known)}")
    for spec in specs:
        if spec.required and spec.name not in wanted:
            raise EnrichmentsError(f"enrichment {spec.name!r} cannot be left out: {spec.description}")
    chosen = tuple(spec for spec in specs if spec.name in wanted)
    _check(chosen)
    return chosen


def _check(specs: Sequence[Spec]) -> None:
    writers = {column.name: column.writer for column in chain(envelope.PIPELINE, envelope.SESSIONIZE)}
    for spec in specs:
        for need in spec.needs:
            if need not in writers:
                raise EnrichmentsError(f"{spec.name!r} needs column {need!r}, which none before it gives")
        for name in (column.name for column in spec.gives):
            if name in writers:
                raise EnrichmentsError(
                    f"column {name!r} has two writers: {writers[name]!r} and {spec.name!r}"
                )
            writers[name] = spec.name


class Assembled(NamedTuple):
    """The function that enriches, and the counters of all caches in it by name."""

    enrich: Enrich
    caches: Mapping[str, Callable[[], CacheInfo]]


def assemble(specs: Sequence[Spec], references: References) -> Assembled:
    """Make the function that enriches a record with `specs`.

    A row holds what is known: a column that is not there is null (docs/decisions/0014-rows-without-nulls.md).
    """
    record_parts: list[_RecordPart] = []
    event_parts: list[_EventPart] = []
    last_parts: list[_LastPart] = []
    caches: dict[str, Callable[[], CacheInfo]] = {}
    for spec in specs:
        step = spec.build(references)
        blank = _blank(spec)
        caches |= step.caches
        if step.per_record:
            record_parts.append(_RecordPart(spec.name, step.per_record, blank))
        if step.per_event:
            event_parts.append(_EventPart(spec.name, step.per_event, blank))
        if step.at_last:
            last_parts.append(_LastPart(spec.name, step.at_last, blank))

    def enrich(record: Record) -> list[Row]:
        shared = _ROOMY.copy()
        failed = _fill_shared(record, shared, record_parts)
        rows = [_fill_one(record, event, shared.copy(), failed, event_parts) for event in record.events]
        _finish(record, rows, last_parts)
        return rows

    return Assembled(enrich, caches)


_ROOMY: Row = dict.fromkeys(
    (
        *(column.name for column in (*envelope.PIPELINE, *envelope.SESSIONIZE)),
        "event_at",
        "event_date",
        "is_time_suspect",
    )
)
"""Columns that every row gets. A copy is sooner filled than a new dict: it grows once less."""


def _blank(spec: Spec) -> Row:
    return dict.fromkeys((*(column.name for column in spec.gives), *spec.guards))


def _fill_shared(record: Record, row: Row, parts: list[_RecordPart]) -> list[str]:
    envelope.fill_record(record, row)
    failed: list[str] = []
    for name, fill, blank in parts:
        try:
            fill(record, row)
        except Exception:  # noqa: BLE001 - whatever fails costs its own columns, never the event
            row.update(blank)
            failed.append(name)
    return failed


def _fill_one(record: Record, event: Event, row: Row, failed: list[str], parts: list[_EventPart]) -> Row:
    row["enrich_errors"] = errors = failed.copy()
    envelope.fill_event(event, row)
    for name, fill, blank in parts:
        try:
            fill(record, event, row)
        except Exception:  # noqa: BLE001 - as above
            row.update(blank)
            _note(errors, name)
    return row


def _finish(record: Record, rows: list[Row], parts: list[_LastPart]) -> None:
    for name, finish, blank in parts:
        try:
            finish(record, rows)
        except Exception:  # noqa: BLE001 - as above
            for row in rows:
                row.update(blank)
                _note(row["enrich_errors"], name)


def _note(errors: list[str], name: str) -> None:
    if name not in errors:
        errors.append(name)
