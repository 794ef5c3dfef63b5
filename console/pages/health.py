"""Health: the parts behind the console and what is wrong with them."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.draw import table
from console.page import Page


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        sections = await run_in_threadpool(page.source.health)
        tails = [
            {"stream": name, "behind, s": round(behind / 1000, 1)}
            for name, behind in sorted(page.source.tails.behind_ms.items())
        ]
        errors = [{"reader": name, "error": error} for name, error in page.source.tails.errors.items()]
        files = [{"file": name} for name in await run_in_threadpool(page.source.lake.newest_files, 5)]
        everything = {**sections, "Streams": tails, "Newest files": files}
        if errors:
            everything = {"Errors": errors, **everything}
        tables = {title: table(rows, title) for title, rows in everything.items()}
        return await page.render(request, "health.html", tables=tables)

    return [Route("/health", show)]
