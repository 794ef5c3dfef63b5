"""What every page has: the language, the navigation, the template, whether personal data may be shown."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.draw import Numbers
from console.mask import masked
from console.source import Source
from console.translations import language_of, translate

LANGUAGE = "lang"
PERSONAL = "personal"
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
        language = self.language(request)
        personal = self.personal(request)
        numbers = Numbers(language)
        text = await run_in_threadpool(
            self._templates.get_template(template).render,
            t=self.words(request),
            language=language,
            other="en" if language == "pt" else "pt",
            here=_address(request, LANGUAGE),
            personal=personal,
            masked=(lambda value, name="": value) if personal else masked,
            navigation=NAVIGATION,
            path=request.url.path,
            environment=self.source.name,
            shown=numbers.shown,
            **values,
        )
        response = HTMLResponse(text, status_code=status)
        for name, allowed in ((LANGUAGE, {"pt", "en"}), (PERSONAL, {"0", "1"})):
            if request.query_params.get(name) in allowed:
                response.set_cookie(name, request.query_params[name], samesite="strict", httponly=True)
        return response

    def language(self, request: Request) -> str:
        """Pt or en."""
        chosen = request.query_params.get(LANGUAGE) or request.cookies.get(LANGUAGE)
        return language_of(request.headers.get("accept-language"), chosen)

    def words(self, request: Request) -> Callable[[str], str]:
        """Translates into the reader's language."""
        language = self.language(request)
        return lambda text: translate(text, language)

    def personal(self, request: Request) -> bool:
        """Whether the reader asked for personal data, in this browser until it is closed."""
        return (request.query_params.get(PERSONAL) or request.cookies.get(PERSONAL)) == "1"


def _address(request: Request, without: str) -> str:
    """The query of this page's URL but for one name, ready for another `name=value`."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != without]
    return str(request.url.replace_query_params(**dict(pairs)).query) + "&" if pairs else ""
