"""CORS: which pages may post, and the headers that say so."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from ingest_lambda.errors import RequestRefused
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Response
from ingest_lambda.http.site_keys import allows, any_allows
from schemas import Reason, Site, Sites

MAX_AGE = 7200  # seconds; no browser keeps a preflight longer
VARY = {"vary": "Origin"}
HEADERS = (
    "content-type, content-encoding, x-rastro-key, authorization, anonymousid, sentat, x-write-key, x-umami-cache,"
    " sp-anonymous"
)
HEADER_NAMES = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\s*,\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*", re.ASCII)
MAX_HEADER_NAMES = 1_024


def cors_headers(
    origin: str | None, site: Site | None, sites: Sites, *, credentials: bool = False
) -> Mapping[str, str]:
    """The headers for a response; `site` is None where the key was missing or wrong.

    `credentials`: the protocol's clients always ask with them. Without a site the response is readable for an
    origin that any site lists, so that a wrong key can be seen as one.
    """
    if origin is None:
        return VARY
    if not any_allows(sites.by_name.values() if site is None else [site], origin):
        return VARY
    headers = VARY | {"access-control-allow-origin": origin, "access-control-expose-headers": "retry-after"}
    if credentials or (site is not None and site.allow_credentials):
        headers["access-control-allow-credentials"] = "true"
    return headers


def _allowed(request: Request) -> str:
    """Whatever headers the browser asks for: clients of other makers send their own, and none of them can hurt."""
    asked = request.headers.get("access-control-request-headers", "").strip()
    return asked if len(asked) <= MAX_HEADER_NAMES and HEADER_NAMES.fullmatch(asked) else HEADERS


def preflight(
    request: Request, methods: Sequence[str], site: Site | None, sites: Sites, *, credentials: bool = False
) -> Response:
    """The response to OPTIONS, `methods` being those of the route and `credentials` as above.

    A preflight carries no key header; with `?key=` it is for that site alone.

    Raises:
        RequestRefused: 403, no site takes events from this origin.
    """
    allow = {"allow": ", ".join(methods)}
    origin = request.headers.get("origin")
    if origin is None:
        return Response(HTTPStatus.OK, {"methods": list(methods)}, allow)
    headers = cors_headers(origin, site, sites, credentials=credentials)
    if "access-control-allow-origin" not in headers:
        raise RequestRefused(
            HTTPStatus.FORBIDDEN, Reason.ORIGIN_NOT_ALLOWED, "no site takes events from this origin"
        )
    # Which site it will be is not known yet: credentials are allowed if a site that lists this origin wants
    # them.
    if site is None and any(
        each.allow_credentials and allows(each, origin) for each in sites.by_name.values()
    ):
        allow["access-control-allow-credentials"] = "true"
    return Response(
        HTTPStatus.OK,
        {"methods": list(methods)},
        allow
        | dict(headers)
        | {
            "access-control-allow-methods": ", ".join(methods),
            "access-control-allow-headers": _allowed(request),
            "access-control-max-age": str(MAX_AGE),
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        },
    )
