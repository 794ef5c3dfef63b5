"""The paths of Google Analytics 4 and their answers. Its clients read none of them, so ours can say the truth."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ingest_lambda.adapters.adapter import Adapter, header_or_query_key, json_refused
from ingest_lambda.adapters.foreign_body import json_of, text_of
from ingest_lambda.adapters.ga4 import events_of
from ingest_lambda.adapters.gtag import hits_of, measurement_id_of
from ingest_lambda.adapters.translation import received
from ingest_lambda.errors import RequestRefused
from ingest_lambda.events.accept import AcceptedBatch
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.body import JsonBody
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response
from schemas import Reason, Site

MAX_QUERY = 16_384


def _stream_of(request: Request) -> str:
    return request.query.get("measurement_id") or request.query.get("firebase_app_id") or ""


def _measurement_key(request: Request) -> str:
    """The API secret where there is one: it must be a secret key. Without it the measurement id, as a page's."""
    return header_or_query_key(request) or request.query.get("api_secret") or _stream_of(request)


def _read_measurement(request: Request, site: Site) -> ReceivedBatch:
    stream = _stream_of(request)
    if stream and stream not in site.aliases + site.keys:
        detail = f"measurement_id is none of {site.name}'s aliases"
        raise RequestRefused(HTTPStatus.UNAUTHORIZED, Reason.UNKNOWN_KEY, detail)
    body = json_of(request, site.max_body_bytes)
    return received(events_of(body.document, stream), body)


def _hit_key(request: Request) -> str:
    return header_or_query_key(request) or measurement_id_of(request.query_text) or ""


def _read_hits(request: Request, site: Site) -> ReceivedBatch:
    text = text_of(request, site.max_body_bytes) if request.method == "POST" else ""
    hits = hits_of(request.query_text, text)
    return received(hits, JsonBody(None, damaged_text=False, size=len(request.query_text) + len(text)))


def _no_content(batch: AcceptedBatch) -> Response:
    return Response(HTTPStatus.NO_CONTENT, None)


def _validation(batch: AcceptedBatch) -> Response:
    """What Google's validation server answers, with our own verdict in it; nothing is stored."""
    messages: list[dict[str, Any]] = [
        {
            "fieldPath": f"events[{event.position}]",
            "description": event.row.detail,
            "validationCode": event.row.reason.upper(),
        }
        for event in batch.rejected
    ]
    return Response(HTTPStatus.OK, {"validationMessages": messages})


def _invalid(why: RequestRefused) -> Response:
    response = json_refused(why)
    message = {"description": why.detail, "validationCode": why.reason.upper()}
    return response._replace(body={"validationMessages": [message]})


ROUTES: Mapping[str, Adapter] = {
    "/mp/collect": Adapter(
        ("POST", "OPTIONS"), _measurement_key, _read_measurement, _no_content, json_refused
    ),
    "/debug/mp/collect": Adapter(
        ("POST", "OPTIONS"), _measurement_key, _read_measurement, _validation, _invalid, stores=False
    ),
    "/g/collect": Adapter(("GET", "POST", "OPTIONS"), _hit_key, _read_hits, _no_content, json_refused),
}
