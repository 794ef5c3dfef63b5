"""GET /v1/health: whether the raw stream takes records, tried with a record that holds nothing."""

import orjson

from ingest_lambda.events.raw_records import Entry
from schemas import Sites

VISITOR = "rastro-health"
EVERY = 5.0  # seconds that a verdict stands: the route is public, and must not be a way to fill the stream


def heartbeat(sites: Sites, now: int) -> Entry:
    """A raw record without events, which every reader skips; `now` is epoch ms."""
    site = min(sites.by_name)
    record = {
        "v": 1,
        "site": site,
        "visitor_id": VISITOR,
        "visitor_kind": "cookie",
        "received_at": now,
        "events": [],
    }
    return Entry(f"{site}/{VISITOR}", orjson.dumps(record))
