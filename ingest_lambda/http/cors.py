"""What a browser is told about who may post from where."""

from collections.abc import Mapping
from http import HTTPStatus

from ingest_lambda.errors import Refuse
from ingest_lambda.http.request import Request
from ingest_lambda.http.response import Answer
from ingest_lambda.http.site_keys import allows, any_allows
from schemas import Reason, Site, Sites

MAX_AGE = 7200  # seconds; no browser keeps a preflight longer
VARY = {"vary": "Origin"}
METHODS = "POST, OPTIONS"
HEADERS = "content-type, content-encoding, x-rastro-key"


def cors_headers(origin: str | None, site: Site | None, sites: Sites) -> Mapping[str, str]:
    """The headers for an answer; `site` is None where the key was missing or wrong.

    Without a site the answer is readable for an origin that any site lists, so that a wrong key can be seen
    as one.
    """
    if origin is None:
        return VARY
    if not any_allows(sites.by_name.values() if site is None else [site], origin):
        return VARY
    headers = VARY | {"access-control-allow-origin": origin, "access-control-expose-headers": "retry-after"}
    if site is not None and site.allow_credentials:
        headers["access-control-allow-credentials"] = "true"
    return headers


def preflight(request: Request, site: Site | None, sites: Sites) -> Answer:
    """The answer to OPTIONS. A preflight carries no key header; with `?key=` it is for that site alone.

    Raises:
        Refuse: 403, no site takes events from this origin.
    """
    allow = {"allow": METHODS}
    origin = request.headers.get("origin")
    if origin is None:
        return Answer(HTTPStatus.OK, {"methods": ["POST", "OPTIONS"]}, allow)
    headers = cors_headers(origin, site, sites)
    if "access-control-allow-origin" not in headers:
        raise Refuse(HTTPStatus.FORBIDDEN, Reason.ORIGIN_NOT_ALLOWED, "no site takes events from this origin")
    # Which site it will be is not known yet: credentials are allowed if a site that lists this origin wants
    # them.
    if site is None and any(
        each.allow_credentials and allows(each, origin) for each in sites.by_name.values()
    ):
        allow["access-control-allow-credentials"] = "true"
    return Answer(
        HTTPStatus.OK,
        {"methods": ["POST", "OPTIONS"]},
        allow
        | dict(headers)
        | {
            "access-control-allow-methods": METHODS,
            "access-control-allow-headers": HEADERS,
            "access-control-max-age": str(MAX_AGE),
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        },
    )
