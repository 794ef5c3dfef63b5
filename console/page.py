"""What every page has: the language, the navigation, the template."""

from typing import Any

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.draw import shown
from console.source import Source
from console.words import language_of, translate

LANGUAGE = "lang"
NAVIGATION = (
    ("/live", "Live"),
    ("/trace", "Find an event"),
    ("/sessions", "Sessions"),
    ("/refusals", "Refusals"),
    ("/dashboards", "Dashboards"),
    ("/health", "Health"),
)


class Page:
    """Renders templates for a request."""

    def __init__(self, source: Source, templates: Environment) -> None:
        self.source = source
        self._templates = templates

    async def render(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """The template with the values and what every page has."""
        chosen = request.query_params.get(LANGUAGE) or request.cookies.get(LANGUAGE)
        language = language_of(request.headers.get("accept-language"), chosen)
        text = await run_in_threadpool(
            self._templates.get_template(template).render,
            t=lambda text: translate(text, language),
            language=language,
            other="en" if language == "pt" else "pt",
            navigation=NAVIGATION,
            path=request.url.path,
            environment=self.source.name,
            shown=shown,
            **values,
        )
        response = HTMLResponse(text, status_code=status)
        if request.query_params.get(LANGUAGE) in {"pt", "en"}:
            response.set_cookie(LANGUAGE, language, samesite="strict")
        return response
