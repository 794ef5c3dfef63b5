"""Which site a request is for, and whether its origin may post there."""

import hashlib
import hmac
from collections.abc import Iterable
from http import HTTPStatus

from ingest_lambda.errors import Refuse
from ingest_lambda.http.request import Request
from schemas import Reason, Site, Sites


def site_of(request: Request, sites: Sites) -> Site:
    """The site of the request's key.

    Raises:
        Refuse: 401 for an unknown key, 403 for an origin that the site does not list.
    """
    site = keyed_site(request, sites)
    if site is None:
        raise Refuse(
            HTTPStatus.UNAUTHORIZED,
            Reason.UNKNOWN_KEY,
            "no site has this key; send it as the header X-Rastro-Key or as ?key=",
        )
    origin = request.headers.get("origin")
    if origin is not None and not allows(site, origin):
        raise Refuse(
            HTTPStatus.FORBIDDEN, Reason.ORIGIN_NOT_ALLOWED, "this site takes no events from this origin"
        )
    return site


def allows(site: Site, origin: str) -> bool:
    """Whether pages of this origin may post; a site that lists none takes all that could be one."""
    if not site.origins:
        return origin.isascii() and origin.isprintable()  # it will stand in a header of the answer
    return origin.lower() in site.origins


def any_allows(sites: Iterable[Site], origin: str) -> bool:
    """For a preflight, which carries no key header."""
    return any(allows(site, origin) for site in sites)


def keyed_site(request: Request, sites: Sites) -> Site | None:
    """The site of the request's key, whatever its origin; None if there is none.

    Every key is compared, and whole, so that the time taken tells nothing about how much of one was right.
    """
    key = request.headers.get("x-rastro-key") or request.query.get("key", "")
    given = hashlib.sha256(key.encode("utf-8", "replace")).digest()
    found = None
    for known, site in sites.by_key.items():
        if hmac.compare_digest(given, hashlib.sha256(known.encode()).digest()):
            found = site
    return found
