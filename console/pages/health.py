"""Health: the parts behind the console and what is wrong with them."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.draw import Drawing, Numbers
from console.page import Page


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        source = page.source
        words = page.words(request)
        sections = await run_in_threadpool(source.health)
        streams = [
            {"stream": name, "behind, s": round(behind / 1000, 1)}
            for name, behind in sorted(source.tails.behind_ms.items())
        ]
        errors = [{"reader": name, "error": error} for name, error in source.tails.errors.items()]
        with source.tails.lock:
            totals = dict(source.tails.store.totals)
            newest = source.tails.store.newest_columns
        seen = [{"what": words(name), "how much": count} for name, count in sorted(totals.items())]
        data = [{"database": "city", "built": newest.get("geo_database_date")}] if newest else []
        everything = {**sections, "Streams": streams, "Seen by the console": seen}
        everything["Reference data of the newest event"] = data
        if errors:
            everything = {"Errors": errors, **everything}
        drawing = Drawing(Numbers(page.language(request)), words)
        tables = {title: drawing.table(rows, words(title)) for title, rows in everything.items() if rows}
        empty = [title for title, rows in everything.items() if not rows]
        return await page.render(
            request,
            "health.html",
            tables=tables,
            empty=empty,
            hourly=source.hourly() if source.hourly is not None else "",
        )

    return [Route("/health", show)]
