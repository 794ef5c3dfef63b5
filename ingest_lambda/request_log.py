"""What happened during one request, for the log line and the metrics."""

from collections import Counter
from dataclasses import dataclass, field

from ingest_lambda.adapters.adapter import Adapter
from ingest_lambda.aws.put_all import PutReport
from schemas import Reason


@dataclass(slots=True)
class RequestLog:
    """Filled as the request goes on, so that a refusal half-way still says what was done before.

    Counts are events unless said otherwise; `raw_put` and `rejected_put` report on the raw stream and
    the rejected delivery. `event_ids`: of a request that was refused, so that whoever sent it finds it again.
    Holds nothing else of the client but counts: no payload, no IP address, no key.
    """

    request_id: str
    route: str = "unknown"
    adapter: Adapter | None = None
    site: str | None = None
    status: int = 0
    refused: Reason | None = None
    cause: str | None = None
    accepted: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    body_bytes: int = 0
    raw_put: PutReport | None = None
    rejected_put: PutReport | None = None
    event_ids: tuple[str, ...] = ()
