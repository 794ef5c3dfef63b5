"""Decoded records for the tests of enrichments; `raw_records` builds them as the stream carries them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from enrich_consumer.core import enrichments
from enrich_consumer.core.record import Record, Row
from schemas import Site

NOW = 1_795_296_000_000  # 2026-11-21T20:00:00Z
SITE = Site("loja", ("pk_demo_loja_0001",), hosts=("www.loja.example", "loja.example"))
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)


def record(*events: dict[str, Any], **fields: Any) -> Record:
    """A record of these events, or of one page view; `fields` replace the record's own."""
    given = Record(
        sequence=49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898,
        site=SITE,
        visitor_id="v-1",
        visitor_kind="cookie",
        received_at=NOW,
        sent_at=None,
        ip=None,
        user_agent=None,
        headers={},
        events=[event(**one) for one in events or ({},)],
    )
    return given._replace(**fields)


def event(**fields: Any) -> dict[str, Any]:
    """One event with what is required."""
    if isinstance(fields.get("properties"), dict):
        fields["properties"] = json.dumps(fields["properties"], ensure_ascii=False).encode()
    return {"event_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "event": "page_view", **fields}


def build(
    references: enrichments.References, names: Sequence[str] | None = None
) -> Callable[[Record], list[Row]]:
    """The enrichments; they answer with whole rows."""
    return rows_of(enrichments.build(references, names))


def rows_of(made: enrichments.Enrich) -> Callable[[Record], list[Row]]:
    """The same enrichments; they answer with whole rows."""
    return lambda record: [event.all_columns() for event in made(record)]
