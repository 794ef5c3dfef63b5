"""The paths of Plausible and Umami, counters without cookies, and the answers their clients understand."""

from collections.abc import Mapping
from http import HTTPStatus

from ingest_lambda.adapters import plausible, umami
from ingest_lambda.adapters.adapter import Adapter, json_refused
from ingest_lambda.adapters.foreign_body import json_of, key_in_body
from ingest_lambda.adapters.translation import received
from ingest_lambda.events.accept import AcceptedBatch
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response, Text
from schemas import Site


def _read_plausible(request: Request, site: Site) -> ReceivedBatch:
    body = json_of(request, site.max_body_bytes)
    return received(plausible.events_of(body.document), body)


def _read_umami(request: Request, site: Site) -> ReceivedBatch:
    body = json_of(request, site.max_body_bytes)
    return received(umami.events_of(body.document), body)


def _ok(batch: AcceptedBatch) -> Response:
    return Response(HTTPStatus.ACCEPTED, Text("ok"))


def _cache(batch: AcceptedBatch) -> Response:
    """Umami's script sends `cache` back with the next event; ours needs no such memory."""
    return Response(HTTPStatus.OK, {"cache": "", "disabled": False})


ROUTES: Mapping[str, Adapter] = {
    "/api/event": Adapter(
        ("POST", "OPTIONS"), key_in_body(plausible.domain_of), _read_plausible, _ok, json_refused
    ),
    "/api/send": Adapter(
        ("POST", "OPTIONS"), key_in_body(umami.website_of), _read_umami, _cache, json_refused
    ),
}
