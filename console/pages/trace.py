"""Where is my event: by any of its ids, its whole way."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.mask import masked
from console.page import Page
from console.pages.live import row_of
from console.seen import MERGE, Story
from console.source import Source
from console.store import Store
from console.trace import Around, Stop, Words, way

MOST_FOUND = 200
ASK = "ask"


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        wanted = request.query_params.get("id", "").strip()
        words = page.words(request)
        ask = request.query_params.get(ASK) == "1"
        found = await run_in_threadpool(find, page.source, wanted, words, ask=ask) if wanted else None
        price = page.source.price if wanted and not ask else None
        return await page.render(
            request,
            "trace.html",
            price="" if price is None else await run_in_threadpool(price, None),
            wanted=wanted,
            found=found,
            when=when,
            pretty=_pretty,
            try_it=page.source.try_it,
        )

    async def as_json(request: Request) -> Response:
        wanted = request.query_params.get("id", "").strip()
        found = await run_in_threadpool(find, page.source, wanted, page.words(request))
        found = found if page.personal(request) else masked(found)
        return JSONResponse(json.loads(json.dumps(found, default=str)))

    return [Route("/trace", show), Route("/trace.json", as_json)]


def find(source: Source, wanted: str, words: Words = str, *, ask: bool = False) -> dict[str, Any]:
    """`ask`: the lake too, where a question to it costs.

    Gives `events`: rows of what was found; `stops`: the way of the event if it is one."""
    with source.tails.lock:
        stories = source.tails.store.find(wanted)[-MOST_FOUND:]
        rows = [row_of(story) for story in stories]
    stops: list[Stop] = []
    if len(stories) == 1:
        stops = way(stories[0], around(source, stories[0], ask=ask), words)
    return {"wanted": wanted, "events": rows, "stops": [stop._asdict() for stop in stops]}


def around(source: Source, story: Story, *, ask: bool = False) -> Around:
    """What stands beside the event: in its session, in the lake, in the views; these where it costs nothing, or where
    the reader asks for it."""
    lake: list[dict[str, Any]] = []
    view: list[dict[str, Any]] = []
    if story.enriched and (ask or source.price is None):
        lake = source.lake.files_of(story.event_id)
        if lake:
            name = story.event_id.replace("'", "''")
            view = source.lake.rows(
                f"SELECT session_id, written_session_id, event_date FROM events WHERE event_id = '{name}'"  # noqa: S608 - quoted
            )
    with source.tails.lock:
        before, after, merged_into = _neighbours(source.tails.store, story)
    return Around(lake, view, before, after, merged_into)


def _neighbours(
    store: Store, story: Story
) -> tuple[tuple[str, str] | None, tuple[str, str] | None, str | None]:
    """The events before and after it in its session, by the session's own count, and the session that took it."""
    session = story.columns.get("session_id")
    if not session:
        return None, None, None
    found: dict[int, tuple[str, str]] = {}
    merged_into = None
    for other in store.find(str(session)):
        for line in other.enriched:
            if line.columns.get("event_name") == MERGE and line.columns.get("merged_session_id") == session:
                merged_into = str(line.columns.get("session_id"))
        columns = other.columns
        if columns.get("session_id") == session and isinstance(columns.get("session_event_index"), int):
            found[columns["session_event_index"]] = (other.event_id, str(columns.get("event_name")))
    index = story.columns.get("session_event_index")
    lower = [one for one in found if isinstance(index, int) and one < index]
    higher = [one for one in found if isinstance(index, int) and one > index]
    return (
        found[max(lower)] if lower else None,
        found[min(higher)] if higher else None,
        merged_into,
    )


def when(at: int | None) -> str:
    """Epoch milliseconds as UTC to the millisecond."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if at else ""


def _pretty(document: Any, mask: Callable[[Any], Any]) -> str:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return str(mask(document))
    return json.dumps(mask(document), indent=2, ensure_ascii=False, default=str)
