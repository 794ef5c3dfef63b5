"""Metrics as CloudWatch takes them out of a log line (embedded metric format).

One line a request is log and metric.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import orjson

from ingest_lambda.request_log import RequestLog

NAMESPACE = "Rastro/Ingest"

Metric = Literal[
    # events in the raw stream, answered with 202
    "Accepted",
    # events refused one by one, in the rejected table; also per Reason
    "Rejected",
    # requests of which nothing was taken (4xx); also per Reason
    "Refused",
    # requests answered with 503: something could not be made durable
    "Unavailable",
    # requests that met a fault of this code; they are answered with 503
    "InternalErrors",
    # events in one request
    "BatchSize",
    # JSON of one request after decompression
    "RequestBytes",
    # data and keys of one request's raw records
    "PutBytes",
    # time until the raw stream had everything or it was given up, with pauses
    "PutLatency",
    # entries sent again to the raw stream or to the rejected delivery
    "PutRetries",
    # answers of either that said: too fast
    "Throttles",
    # a new version of the sites document that could not be used; the old one stays
    "SitesDocumentInvalid",
    # the secret of the cookieless hash could not be read
    "SaltUnreadable",
]

UNITS: Mapping[Metric, str] = {
    "Accepted": "Count",
    "Rejected": "Count",
    "Refused": "Count",
    "Unavailable": "Count",
    "InternalErrors": "Count",
    "BatchSize": "Count",
    "RequestBytes": "Bytes",
    "PutBytes": "Bytes",
    "PutLatency": "Milliseconds",
    "PutRetries": "Count",
    "Throttles": "Count",
    "SitesDocumentInvalid": "Count",
    "SaltUnreadable": "Count",
}

INTERNAL = "internal_error"


def lines(log: RequestLog, environment: str, now: int) -> Iterator[bytes]:
    """The log lines of one request; `now` is epoch ms.

    Site and reason are from closed lists, never from the client.
    """
    values = _values(log)
    dimensions = [["Environment"]] if log.site is None else [["Environment"], ["Environment", "Site"]]
    yield line(values, environment, now, dimensions, _properties(log))
    for reason, count in log.rejected.items():
        yield line({"Rejected": count}, environment, now, [["Environment", "Reason"]], {"Reason": reason})
    if log.refused is not None and log.status < 500:
        yield line({"Refused": 1}, environment, now, [["Environment", "Reason"]], {"Reason": log.refused})


def line(
    values: Mapping[Metric, float],
    environment: str,
    now: int,
    dimensions: list[list[str]],
    properties: Mapping[str, Any],
) -> bytes:
    """One JSON line; orjson escapes every control character, so a value cannot start a line of its own."""
    document: dict[str, Any] = {
        "_aws": {
            "Timestamp": now,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": dimensions,
                    "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
                }
            ],
        },
        "Environment": environment,
    }
    return orjson.dumps(document | dict(properties) | dict(values), option=orjson.OPT_APPEND_NEWLINE)


def _values(log: RequestLog) -> dict[Metric, float]:
    if log.refused is not None and log.status < 500:
        return {"Refused": 1}
    puts = [report for report in (log.raw_put, log.rejected_put) if report is not None]
    values: dict[Metric, float] = {
        "PutRetries": sum(report.retried for report in puts),
        "Throttles": sum(report.throttled for report in puts),
    }
    if log.raw_put is not None and log.raw_put.size:
        values |= {"PutBytes": log.raw_put.size, "PutLatency": round(log.raw_put.seconds * 1000, 1)}
    if log.status >= 500:
        values["Unavailable"] = 1
        values["InternalErrors"] = int((log.cause or "").startswith(INTERNAL))
    elif log.site is not None:
        rejected = log.rejected.total()
        values |= {"Accepted": log.accepted, "Rejected": rejected, "BatchSize": log.accepted + rejected}
        values["RequestBytes"] = log.body_bytes
    return values


def _properties(log: RequestLog) -> dict[str, Any]:
    properties = {
        "level": "error" if log.status >= 500 else "info",
        "message": "request",
        "request_id": log.request_id,
        "route": log.route,
        "status": log.status,
        "Site": log.site,
        "reason": log.refused,
        "cause": log.cause,
        "event_ids": log.event_ids or None,
    }
    return {name: value for name, value in properties.items() if value is not None}
