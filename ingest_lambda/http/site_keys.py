"""Which site a request is for, and whether its origin may post there."""

import hashlib
import hmac
from collections.abc import Iterable
from http import HTTPStatus

from ingest_lambda.errors import RequestRefused
from ingest_lambda.http.request import Request
from schemas import Reason, Site, Sites


def check_origin(request: Request, site: Site) -> None:
    """Let pass what the site's list of origins allows, and what is no page (servers, apps).

    Raises:
        RequestRefused: 403, the site does not list the origin.
    """
    origin = request.headers.get("origin")
    if origin is not None and not allows(site, origin):
        raise RequestRefused(
            HTTPStatus.FORBIDDEN, Reason.ORIGIN_NOT_ALLOWED, "this site takes no events from this origin"
        )


def allows(site: Site, origin: str) -> bool:
    """Whether pages of this origin may post; a site that lists none takes all that could be one."""
    if not site.origins:
        return origin.isascii() and origin.isprintable()  # it will stand in a header of the answer
    return origin.lower() in site.origins


def any_allows(sites: Iterable[Site], origin: str) -> bool:
    """For a preflight, which carries no key header."""
    return any(allows(site, origin) for site in sites)


def site_of_key(key: str, sites: Sites) -> Site | None:
    """The site of a key; None if no site has it.

    Every key is compared, and whole, so that the time taken tells nothing about how much of one was right.
    """
    given = hashlib.sha256(key.encode("utf-8", "replace")).digest()
    found = None
    for known, site in sites.by_key.items():
        if hmac.compare_digest(given, hashlib.sha256(known.encode()).digest()):
            found = site
    return found
