"""The paths of Snowplow's collector, and the answers its trackers understand."""

from collections.abc import Mapping
from http import HTTPStatus

from ingest_lambda.adapters.adapter import Adapter, header_or_query_key, json_refused
from ingest_lambda.adapters.foreign_body import json_of, key_in_body
from ingest_lambda.adapters.pixel import GIF
from ingest_lambda.adapters.snowplow import NotSnowplow, app_id_of, payload_of, payloads_of
from ingest_lambda.adapters.translation import received
from ingest_lambda.errors import RequestRefused
from ingest_lambda.events.accept import AcceptedBatch
from ingest_lambda.events.batch import ReceivedBatch
from ingest_lambda.http.body import JsonBody
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response, Text
from schemas import Reason, Site

GIVE_UP = HTTPStatus.UNPROCESSABLE_ENTITY
"""Trackers repeat every status but 2xx, 400, 401, 403, 410 and 422, for ever."""

_FINAL = frozenset({400, 401, 403, 410, 422, 429, 503})


def _is_anonymous(request: Request) -> bool:
    return "sp-anonymous" in request.headers


def _read_post(request: Request, site: Site) -> ReceivedBatch:
    body = json_of(request, site.max_body_bytes)
    try:
        return received(payloads_of(body.document, anonymous=_is_anonymous(request)), body)
    except NotSnowplow as why:
        raise RequestRefused(GIVE_UP, Reason.NOT_JSON, str(why)) from None


def _read_get(request: Request, site: Site) -> ReceivedBatch:
    found = payload_of(request.query_text, anonymous=_is_anonymous(request))
    return received(found, JsonBody(None, damaged_text=False, size=len(request.query_text)))


def _key_in_query(request: Request) -> str:
    return header_or_query_key(request) or request.query.get("aid", "")


def _ok(batch: AcceptedBatch) -> Response:
    return Response(HTTPStatus.OK, Text("ok"))


def _image(batch: AcceptedBatch) -> Response:
    return Response(HTTPStatus.OK, GIF)


def refused(why: RequestRefused) -> Response:
    """A refusal that is final looks final to the tracker too."""
    response = json_refused(why)
    return response if why.status in _FINAL else response._replace(status=GIVE_UP)


POST = Adapter(("POST", "OPTIONS"), key_in_body(app_id_of), _read_post, _ok, refused, credentials=True)
_GET = Adapter(("GET", "OPTIONS"), _key_in_query, _read_get, _image, refused, credentials=True)

ROUTES: Mapping[str, Adapter] = {"/com.snowplowanalytics.snowplow/tp2": POST, "/i": _GET}
