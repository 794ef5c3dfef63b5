"""Which site a request is for, and whether its origin may post there."""

from collections.abc import Iterable
from http import HTTPStatus

from ingest_lambda.errors import RequestRefused
from ingest_lambda.http.request import Request
from schemas import Reason, Site


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


def check_secret(request: Request) -> None:
    """Refuse a request with a secret key that a browser sent: every visitor of that page could read the key.

    Raises:
        RequestRefused: 403.
    """
    headers = request.headers
    # Origin: a page's script. Sec-Fetch-Site: an image or a link; other programs never send it.
    if "origin" in headers or "sec-fetch-site" in headers:
        raise RequestRefused(
            HTTPStatus.FORBIDDEN,
            Reason.SECRET_KEY_IN_BROWSER,
            "this key is a secret one and must never be in a page; replace it, and use a public key there",
        )


def allows(site: Site, origin: str) -> bool:
    """Whether pages of this origin may post; a site that lists none takes all that could be one."""
    if not site.origins:
        return origin.isascii() and origin.isprintable()  # it will stand in a header of the answer
    return origin.lower() in site.origins


def any_allows(sites: Iterable[Site], origin: str) -> bool:
    """For a preflight, which carries no key header."""
    return any(allows(site, origin) for site in sites)
