"""Selects the enrichments that run, and checks that they fit together."""

from collections.abc import Sequence
from itertools import chain

from enrich_consumer.core import base_columns
from enrich_consumer.core.engine.enrichment import Enrichment
from schemas import Column


class EnrichmentsError(ValueError):
    """The enrichments asked for do not work together; the message says what to change."""


def columns_of(specs: Sequence[Enrichment]) -> tuple[Column, ...]:
    """Every column of the enriched table in its order, with who writes it."""
    ours = (column._replace(writer=spec.name) for spec in specs for column in spec.provides)
    return tuple(chain(base_columns.PIPELINE, base_columns.SESSIONIZE, ours))


def select(names: Sequence[str] | None, specs: Sequence[Enrichment]) -> tuple[Enrichment, ...]:
    """The enrichments of these names in the order of the list; all of them when names is None.

    Raises:
        EnrichmentsError: a name is not in the list, a required one is not named, one needs a column that none
            before it gives, or two give the same column.
    """
    all_names = [spec.name for spec in specs]
    wanted = all_names if names is None else names
    for name in wanted:
        if name not in all_names:
            raise EnrichmentsError(f"no enrichment is called {name!r}; there are: {', '.join(all_names)}")
    for spec in specs:
        if spec.required and spec.name not in wanted:
            raise EnrichmentsError(f"enrichment {spec.name!r} cannot be left out: {spec.description}")
    chosen = tuple(spec for spec in specs if spec.name in wanted)
    _check(chosen)
    return chosen


def _check(specs: Sequence[Enrichment]) -> None:
    writers = {column.name: column.writer for column in chain(base_columns.PIPELINE, base_columns.SESSIONIZE)}
    for spec in specs:
        for need in spec.requires:
            if need not in writers:
                raise EnrichmentsError(f"{spec.name!r} needs column {need!r}, which none before it gives")
        for name in (column.name for column in spec.provides):
            if name in writers:
                raise EnrichmentsError(
                    f"column {name!r} has two writers: {writers[name]!r} and {spec.name!r}"
                )
            writers[name] = spec.name
