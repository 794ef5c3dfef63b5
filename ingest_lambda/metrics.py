"""Metrics as CloudWatch takes them out of a log line (embedded metric format).

One line a request is log and metric.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson

from ingest_lambda.request_log import RequestLog
from schemas.times import EpochMs

NAMESPACE = "Rastro/Ingest"

Metric = Literal[
    # events in the raw stream, answered with 202
    "Accepted",
    # events refused one by one, in the rejected table
    "Rejected",
    # requests of which nothing was taken (4xx)
    "Refused",
    # requests answered with 503: something could not be made durable
    "Unavailable",
    # requests that met a fault of this code; they are answered with 503
    "InternalErrors",
    # time until the raw stream had everything or it was given up, with pauses
    "PutLatency",
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
    "PutLatency": "Milliseconds",
    "SitesDocumentInvalid": "Count",
    "SaltUnreadable": "Count",
}

BY_SITE: tuple[Metric, ...] = ("Accepted", "Rejected")
"""Also kept for each site; CloudWatch bills every name in every site as a metric of its own."""

INTERNAL = "internal_error"


def request_line(log: RequestLog, environment: str, now: EpochMs) -> bytes:
    """The log line of one request; `now` is epoch ms.

    Site and reasons are from closed lists, never from the client. What no alarm and no graph looks at is a plain field:
    CloudWatch Logs Insights reads it, and it is not billed as a metric.
    """
    values = _values(log)
    by_site = [name for name in BY_SITE if name in values and log.site is not None]
    return line(values, environment, now, _properties(log), by_site)


def line(
    values: Mapping[Metric, float],
    environment: str,
    now: EpochMs,
    properties: Mapping[str, Any],
    by_site: Sequence[Metric] = (),
) -> bytes:
    """One JSON line; orjson escapes every control character, so a value cannot start a line of its own."""
    directives = [(["Environment"], tuple(values))]
    if by_site:
        directives.append((["Environment", "Site"], tuple(by_site)))
    document: dict[str, Any] = {"Environment": environment}
    if values:
        document["_aws"] = {
            "Timestamp": now,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [dimensions],
                    "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in names],
                }
                for dimensions, names in directives
            ],
        }
    return orjson.dumps(document | dict(properties) | dict(values), option=orjson.OPT_APPEND_NEWLINE)


def _values(log: RequestLog) -> dict[Metric, float]:
    if log.refused is not None and log.status < 500:
        return {"Refused": 1}
    values: dict[Metric, float] = {}
    if log.raw_put is not None and log.raw_put.size:
        values["PutLatency"] = round(log.raw_put.seconds * 1000, 1)
    if log.status >= 500:
        values["Unavailable"] = 1
        values["InternalErrors"] = int((log.cause or "").startswith(INTERNAL))
    elif log.site is not None:
        values |= {"Accepted": log.accepted, "Rejected": log.rejected.total()}
    return values


def _properties(log: RequestLog) -> dict[str, Any]:
    puts = [report for report in (log.raw_put, log.rejected_put) if report is not None]
    properties = {
        "level": "error" if log.status >= 500 else "info",
        "message": "request",
        "request_id": log.request_id,
        "route": log.route,
        "status": log.status,
        "Site": log.site,
        "reason": log.refused,
        "rejected": {reason.value: count for reason, count in log.rejected.items()} or None,
        "cause": log.cause,
        "request_bytes": log.body_bytes or None,
        "put_bytes": None if log.raw_put is None else log.raw_put.size or None,
        "put_retries": sum(report.retried for report in puts) or None,
        "throttles": sum(report.throttled for report in puts) or None,
        "event_ids": log.event_ids or None,
    }
    return {name: value for name, value in properties.items() if value is not None}
