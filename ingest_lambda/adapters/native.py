"""POST /v1/events: our own protocol, JSON with one event, an array of events, or `{sent_at, events}`."""

from ingest_lambda.adapters.adapter import (
    Adapter,
    header_or_query_key,
    json_accepted,
    json_refused,
    unchecked,
)
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.body import read_json
from ingest_lambda.http.request import Request
from schemas import Site


def read(request: Request, site: Site) -> ReceivedBatch:
    """The events of a body.

    Raises:
        RequestRefused: 413, 415 or 400.
    """
    body = read_json(request, limit=site.max_body_bytes)
    document = body.document
    if isinstance(document, dict) and "events" in document and "event" not in document:
        return ReceivedBatch(
            unchecked(document["events"]), document.get("sent_at"), body.damaged_text, body.size
        )
    return ReceivedBatch(unchecked(document), None, body.damaged_text, body.size)


NATIVE = Adapter(("POST", "OPTIONS"), header_or_query_key, read, json_accepted, json_refused)
