"""The console's web application: routes, headers, token. What a page shows is in `pages/`, one file each."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from console.page import Page
from console.pages import dashboards, health, live, refusals, sessions, trace
from console.source import Source

FOLDER = Path(__file__).parent
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded from elsewhere, and no script or style stands in a page."""
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
COOKIE = "rastro_console"


def application(source: Source, token: str | None = None) -> Starlette:
    """The application. With a `token`, a visitor must bring it once as `?token=`; it is kept in a cookie. Without
    one it answers to the names of loopback alone: no page from elsewhere can read it by a name that leads here."""
    templates = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined
    )
    page = Page(source, templates)
    routes: list[BaseRoute] = [
        Route("/", _to("/live")),
        *live.routes(page),
        *trace.routes(page),
        *sessions.routes(page),
        *refusals.routes(page),
        *dashboards.routes(page),
        *health.routes(page),
        Mount("/static", StaticFiles(directory=FOLDER / "static")),
    ]
    middleware = [Middleware(_Guard, token=token), Middleware(GZipMiddleware, minimum_size=500)]
    if token is None:
        middleware.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK))
    return Starlette(routes=routes, middleware=middleware)


def _to(path: str) -> Callable[[Request], Awaitable[Response]]:
    async def redirect(_: Request) -> Response:
        return RedirectResponse(path)

    return redirect


class _Guard(BaseHTTPMiddleware):
    """The token, and the headers of every answer."""

    def __init__(self, app: Any, token: str | None) -> None:
        super().__init__(app)
        self._token = token

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = self._refusal(request) or await call_next(request)
        response.headers["Content-Security-Policy"] = CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"  # with none at all, a form's Origin would be null
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _refusal(self, request: Request) -> Response | None:
        origin = request.headers.get("origin", "")
        if request.method == "POST" and urlsplit(origin).netloc != request.headers.get("host"):
            return PlainTextResponse("rastro console: only its own pages may post\n", status_code=403)
        if self._token is None:
            return None
        given = request.query_params.get("token", "")
        if given and secrets.compare_digest(given.encode(), self._token.encode()):
            answer = RedirectResponse(request.url.path)
            answer.set_cookie(COOKIE, self._token, httponly=True, samesite="strict")
            return answer
        cookie = request.cookies.get(COOKIE, "")
        if secrets.compare_digest(cookie.encode(), self._token.encode()):
            return None
        text = "rastro console: a token is needed; open the URL that `rastro console` printed.\n"
        return PlainTextResponse(text, status_code=403)
