"""What happened during one request, for the log line and the metrics."""

from collections import Counter
from dataclasses import dataclass, field

from ingest_lambda.aws.put_all import Report
from schemas import Reason


@dataclass(slots=True)
class Facts:
    """Filled as the request goes on, so that a refusal half-way still tells what was done before.

    Counts are events unless said otherwise; `put` and `kept` are the reports of the raw stream and of the
    rejected delivery. Holds nothing of the client but counts: no payload, no address, no key.
    """

    request_id: str
    route: str = "unknown"
    site: str | None = None
    status: int = 0
    refused: Reason | None = None
    cause: str | None = None
    accepted: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    body_bytes: int = 0
    put: Report | None = None
    kept: Report | None = None
