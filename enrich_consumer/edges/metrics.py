"""The consumer's metrics, in CloudWatch's embedded metric format: a log line that becomes metrics."""

from collections import Counter
from typing import Any, Literal, get_args

from enrich_consumer.edges.log import Log
from schemas.times import MonotonicSeconds

NAMESPACE = "Rastro"

MetricName = Literal[
    "RecordsIn",  # count: raw records that reached the processor
    "RecordsReplayed",  # count: of these, skipped because an earlier process had saved them
    "EventsIn",  # count: events in them
    "EventsDuplicate",  # count: dropped as repeats
    "EventsRejected",  # count: records that went to the rejected table
    "SessionsOpened",  # count
    "SessionsMerged",  # count: session_merge corrections written
    "EventsLate",  # count: flagged is_late
    "PutRetries",  # count: repeated PutRecords calls to the enriched stream
    "CborRefused",  # count: Kinesis took JSON where it had refused CBOR; JSON is used from then on
    "CheckpointsRefused",  # count: KCL said not now
    "Ticks",  # count: records without events, which only carry the time
    "SessionEnds",  # count: rows of the table session_ends
    "CartEvents",  # count: rows of the table cart_events
    "VisitorsOpen",  # gauge: visitors in memory
    "MillisBehindLatest",  # gauge, milliseconds: age of the newest record read
]

COUNTS: dict[str, MetricName] = {
    "records": "RecordsIn",
    "replayed": "RecordsReplayed",
    "events": "EventsIn",
    "duplicates": "EventsDuplicate",
    "rejected": "EventsRejected",
    "sessions": "SessionsOpened",
    "merges": "SessionsMerged",
    "late": "EventsLate",
    "put_retries": "PutRetries",
    "cbor_refused": "CborRefused",
    "checkpoint_refused": "CheckpointsRefused",
    "ticks": "Ticks",
    "session_ends": "SessionEnds",
    "cart_events": "CartEvents",
}
"""The worker's own names to metric names."""

NAMES: tuple[MetricName, ...] = get_args(MetricName)

BY_SHARD: tuple[MetricName, ...] = ("MillisBehindLatest",)
"""Also kept for each shard. CloudWatch bills every name in every shard as a metric of its own, a new shard's too."""


class Metrics:
    """Collects what the worker counted and writes one line a period."""

    def __init__(self, log: Log, application: str, shard: str, period: float = 60.0) -> None:
        self._log = log
        self._dimensions = {"Application": application, "Shard": shard}
        self._period = period
        self._last: float | None = None

    def report(
        self, counts: Counter[str], gauges: dict[MetricName, int], now: MonotonicSeconds, at_ms: int
    ) -> None:
        """Write and clear `counts` when the period is over. `now`: monotonic seconds; `at_ms`: epoch."""
        if self._last is not None and now - self._last < self._period:
            return
        self._last = now
        self._log.line(embedded(counts, gauges, self._dimensions, at_ms))
        counts.clear()


def embedded(
    counts: Counter[str], gauges: dict[MetricName, int], dimensions: dict[str, str], at_ms: int
) -> dict[str, Any]:
    """The log line; the shape is CloudWatch's embedded metric format specification.

    What is no metric by shard can still be summed by it: the line has the shard (CloudWatch Logs Insights).
    """
    values: dict[str, int] = {str(metric): counts.get(name, 0) for name, metric in COUNTS.items()}
    values |= {str(gauge): value for gauge, value in gauges.items()}
    reasons = {name: count for name, count in counts.items() if name.startswith("rejected.")}
    units = {name: "Milliseconds" if name == "MillisBehindLatest" else "Count" for name in values}
    return {
        "_aws": {
            "Timestamp": at_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [[*by]],
                    "Metrics": [{"Name": name, "Unit": units[name]} for name in names],
                }
                for by, names in ((("Application",), tuple(values)), (("Application", "Shard"), BY_SHARD))
            ],
        },
        **dimensions,
        **values,
        **reasons,
    }
