"""Where is my event: by any of its ids, its whole way."""

import json
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.page import Page
from console.pages.live import row_of
from console.source import Source
from console.trace import Stop, way

MOST_FOUND = 200


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        wanted = request.query_params.get("id", "").strip()
        found = await run_in_threadpool(find, page.source, wanted) if wanted else None
        return await page.render(request, "trace.html", wanted=wanted, found=found, when=when, pretty=_pretty)

    async def as_json(request: Request) -> Response:
        wanted = request.query_params.get("id", "").strip()
        found = await run_in_threadpool(find, page.source, wanted)
        return JSONResponse(json.loads(json.dumps(found, default=str)))

    return [Route("/trace", show), Route("/trace.json", as_json)]


def find(source: Source, wanted: str) -> dict[str, Any]:
    """`events`: rows of what was found; `stops`: the way of the event if it is one."""
    with source.tails.lock:
        stories = source.tails.store.find(wanted)[-MOST_FOUND:]
        rows = [row_of(story) for story in stories]
    stops: list[Stop] = []
    if len(stories) == 1:
        lake = source.lake.files_of(stories[0].event_id)
        with source.tails.lock:
            stops = way(stories[0], lake)
    return {"wanted": wanted, "events": rows, "stops": [stop._asdict() for stop in stops]}


def when(at: int | None) -> str:
    """Epoch milliseconds as UTC to the millisecond."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if at else ""


def _pretty(document: Any) -> str:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return str(document)
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)
