"""The load that a bill is computed from, and what one event costs in bytes and time."""

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
    """Sizes in bytes, times in seconds of one processor. Where each comes from stands beside it.

    `*_spread`: standard deviation of one event's size. Your own: `rastro cost --measured FILE` with what
    `python -m benchmarks cost-counts` wrote.
    """

    raw_bytes: float = 655.0  # a raw record of one event of the benchmarks' events
    raw_spread: float = 180.0
    record_bytes: float = (
        400.0  # what a raw record has once: ids, IP address, user agent, times, and its partition key
    )
    enriched_bytes: float = 1360.0  # a line of the enriched stream, same events
    enriched_spread: float = 300.0
    key_bytes: float = 2.0  # partition key of a record of the enriched stream
    session_rows: float = (
        2 / 8.29
    )  # of the table of session ends: a provisional and a final one a visit of 8.29 events
    cart_rows: float = 0.1  # of the table of cart events
    row_bytes: float = 1200.0  # of either
    parquet_bytes: float = 72.5  # 62.6 MB for 864,000 rows as Firehose writes them, gzip
    archived_bytes: float = 130.0  # a raw event, gzip
    lambda_seconds: float = 0.012  # a request: one put and the runtime around it
    lambda_event_seconds: float = 0.0004  # each event in it, at 512 MB
    # 196 CPU-s a million with one event a record, 77 with ten: `python -m benchmarks consumer-stack --mix shop`
    worker_record_seconds: float = 132e-6
    worker_event_seconds: float = 64e-6
    log_bytes: float = (
        850.0  # of a request: line with metrics 615, access log 180, and CloudWatch's 26 for each line
    )
    put_seconds: float = 0.55  # between two puts of a busy shard: KCL's pause of 0.5 s and the read
    saves_a_second: float = (
        0.165  # of a busy shard: 5 s after the first record since the last save, at a call of each 0.55 s
    )
    lease_writes_a_second: float = (
        0.964  # of a shard: a renewal each third of 4 s less 25 ms, a checkpoint each 5 s
    )
    lease_scans_a_second: float = 0.1242  # of a task: each (4 s + 25 ms) x 2


TYPICAL = PerEvent()
