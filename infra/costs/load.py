"""What the bill is reckoned from beside the environment: the load, and what one event costs in bytes and time."""

from typing import NamedTuple


class Load(NamedTuple):
    """A steady load, averages over the month.

    `requests_per_second` to the API; `events_per_request`, all of one visitor; `scanned_gb`: gigabytes that people's
    queries read in Athena in the month.
    """

    requests_per_second: float
    events_per_request: float = 10.0
    scanned_gb: float = 100.0

    @property
    def events_per_second(self) -> float:
        return self.requests_per_second * self.events_per_request


class PerEvent(NamedTuple):
    """Sizes in bytes, times in seconds of one processor. Where each comes from stands beside it."""

    raw_bytes: float = 655.0  # a raw record of one event of the benchmarks' events
    record_bytes: float = 400.0  # what a raw record has once: ids, address, user agent, times
    enriched_bytes: float = 1360.0  # a line of the enriched stream, same events
    parquet_bytes: float = 72.5  # 62.6 MB for 864,000 rows as Firehose writes them, gzip
    archived_bytes: float = 130.0  # a raw event, gzip
    lambda_seconds: float = 0.012  # a request: one put and the runtime around it
    lambda_event_seconds: float = 0.0004  # each event in it, at 512 MB
    worker_record_seconds: float = (
        46e-6  # 86 CPU-s a million with one event a record, 45 with ten: (86-45)/0.9
    )
    worker_event_seconds: float = 40e-6
    log_bytes: float = 1500.0  # of a request: metrics line, Lambda's three lines, access log


TYPICAL = PerEvent()
