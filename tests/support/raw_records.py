"""Raw records made by hand. Tests and benchmarks build them here only; test_raw_records.py holds that."""

from typing import Any


def raw_record(
    *events: dict[str, Any],
    received_at: int,
    site: str = "loja",
    visitor_id: str = "v-1",
    **fields: Any,
) -> dict[str, Any]:
    """A raw record of schemas/raw.schema.json: `fields` are the optional ones, in the schema's order, events last.

    `received_at` is epoch milliseconds. Without events it is a tick.
    """
    return {
        "v": 1,
        "site": site,
        "visitor_id": visitor_id,
        "visitor_kind": "cookie",
        "received_at": received_at,
        **fields,
        "events": list(events),
    }
