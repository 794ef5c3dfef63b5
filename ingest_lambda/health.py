"""GET /v1/health: whether the raw stream takes records, tried with a record that holds nothing."""

import orjson

from ingest_lambda.events.raw_records import StreamRecord
from schemas import Sites
from schemas.times import EpochMs

VISITOR = "rastro-health"
VERDICT_SECONDS = (
    5.0  # how long a verdict stands: the route is public, and must not be a way to fill the stream
)


def heartbeat(sites: Sites, now: EpochMs) -> StreamRecord:
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
    return StreamRecord(f"{site}/{VISITOR}", orjson.dumps(record))
