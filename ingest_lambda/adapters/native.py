"""POST /v1/events: our own protocol, JSON with one event, an array of events, or `{sent_at, events}`."""

from typing import Any

from ingest_lambda.adapters.adapter import Adapter, header_or_query_key, json_accepted, json_refused
from ingest_lambda.adapters.pixel import event_of_fields
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.events.normalise.values import listed, parsed
from ingest_lambda.http.body import FormFields, read_json
from ingest_lambda.http.lenient_json import exact_json
from ingest_lambda.http.request import Request
from schemas import Site


def read(request: Request, site: Site) -> ReceivedBatch:
    """The events of a body.

    Raises:
        RequestRefused: 413, 415 or 400.
    """
    body = read_json(request, limit=site.max_body_bytes)
    if isinstance(body.document, FormFields):
        fields = {name: value for name, value in body.document.items() if name != "key"}
        event = event_of_fields(fields, request.headers.get("referer"))
        return ReceivedBatch([event], size=body.size)
    events, sent_at = _events(body.document)
    return ReceivedBatch(
        events,
        sent_at,
        body.damaged_text,
        body.size,
        exact=lambda: _events(exact_json(body.text))[0],
    )


def _events(document: Any) -> tuple[list[Any], Any]:
    """The events of a document and its `sent_at`. A list that PHP wrote as an object is one, and JSON in JSON too."""
    document = parsed(document)
    if isinstance(document, dict) and "events" in document and "event" not in document:
        events = listed(document["events"])
        return [document["events"]] if events is None else events, document.get("sent_at")
    events = listed(document)
    return [document] if events is None else events, None


NATIVE = Adapter(("POST", "OPTIONS"), header_or_query_key, read, json_accepted, json_refused)
