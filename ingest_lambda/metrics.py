"""Metrics as CloudWatch takes them out of a log line (embedded metric format).

One line a request is log and metric.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import orjson

from ingest_lambda.request_log import Facts

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


def lines(facts: Facts, environment: str, now: int) -> Iterator[bytes]:
    """The log lines of one request; `now` is epoch ms.

    Site and reason are from closed lists, never from the client.
    """
    values = _values(facts)
    dimensions = [["Environment"]] if facts.site is None else [["Environment"], ["Environment", "Site"]]
    yield line(values, environment, now, dimensions, _properties(facts))
    for reason, count in facts.rejected.items():
        yield line({"Rejected": count}, environment, now, [["Environment", "Reason"]], {"Reason": reason})
    if facts.refused is not None and facts.status < 500:
        yield line({"Refused": 1}, environment, now, [["Environment", "Reason"]], {"Reason": facts.refused})


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


def _values(facts: Facts) -> dict[Metric, float]:
    if facts.refused is not None and facts.status < 500:
        return {"Refused": 1}
    puts = [report for report in (facts.put, facts.kept) if report is not None]
    values: dict[Metric, float] = {
        "PutRetries": sum(report.retried for report in puts),
        "Throttles": sum(report.throttled for report in puts),
    }
    if facts.put is not None and facts.put.size:
        values |= {"PutBytes": facts.put.size, "PutLatency": round(facts.put.seconds * 1000, 1)}
    if facts.status >= 500:
        values["Unavailable"] = 1
        values["InternalErrors"] = int((facts.cause or "").startswith(INTERNAL))
    elif facts.site is not None:
        rejected = facts.rejected.total()
        values |= {"Accepted": facts.accepted, "Rejected": rejected, "BatchSize": facts.accepted + rejected}
        values["RequestBytes"] = facts.body_bytes
    return values


def _properties(facts: Facts) -> dict[str, Any]:
    properties = {
        "level": "error" if facts.status >= 500 else "info",
        "message": "request",
        "request_id": facts.request_id,
        "route": facts.route,
        "status": facts.status,
        "Site": facts.site,
        "reason": facts.refused,
        "cause": facts.cause,
    }
    return {name: value for name, value in properties.items() if value is not None}
