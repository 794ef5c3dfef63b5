"""Events of long ago: what a server imports goes to the archive of imports, with its own times."""

import gzip
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ingest_lambda.events.raw_records import StreamRecord
from schemas.times import EpochMs

HISTORY_MS = 7 * 24 * 3600 * 1000
"""Older than this when it was sent, an event is history: the rule of event times would replace its time by arrival."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ImportFile(NamedTuple):
    """Raw records as gzip of JSON lines, under an S3 URI made from their events' ids."""

    uri: str
    data: bytes


def is_history(ts: int | None, sent_at: EpochMs | None, now: EpochMs) -> bool:
    """Whether an event lay longer than a week before it was sent; all in epoch ms."""
    return ts is not None and (now if sent_at is None else sent_at) - ts > HISTORY_MS


def import_file(
    prefix: str, site: str, records: Sequence[StreamRecord], event_ids: Sequence[str], now: EpochMs
) -> ImportFile:
    """The file of a request's imported records. The same request again has the same name on the same day.

    Partitions are by arrival, as those of the raw archive: `prefix/dt=2026-01-31/site-hash.json.gz`.
    """
    day = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    name = hashlib.sha256("\n".join(event_ids).encode()).hexdigest()[:32]
    data = gzip.compress(b"".join(record.data + b"\n" for record in records), 6, mtime=0)
    return ImportFile(f"{prefix}/dt={day}/{site}-{name}.json.gz", data)
