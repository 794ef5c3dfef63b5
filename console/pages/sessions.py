"""Sessions being built: one visitor's events on a line of time, the sessions that they make, carts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.page import Page
from console.pages.trace import when
from console.seen import MERGE, Story
from console.source import Source
from console.time_line import time_line

MOST_VISITORS = 40
_CART = frozenset(
    {"add_to_cart", "remove_from_cart", "view_cart", "begin_checkout", "purchase", "cart_state"}
)


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        visitor = request.query_params.get("visitor", "").strip()
        words = page.words(request)
        values: dict[str, Any] = {"sessions": [], "line": "", "merges": [], "carts": [], "newest": []}
        if visitor:
            values |= await run_in_threadpool(one, page.source, visitor)
            values["line"] = time_line(values["sessions"], values["carts"], words)
        else:
            values["newest"] = await run_in_threadpool(visitors, page.source)
        return await page.render(request, "sessions.html", visitor=visitor, when=when, clock=clock, **values)

    return [Route("/sessions", show)]


def visitors(source: Source) -> list[dict[str, Any]]:
    """The visitors seen last, the newest first, with how many events and sessions the console has of them."""
    with source.tails.lock:
        store = source.tails.store
        found = []
        for visitor in store.newest_visitors(MOST_VISITORS):
            sessions = store.sessions_of(visitor)
            stories = [story for events in sessions.values() for story in events]
            if not stories:
                continue
            newest = max(stories, key=lambda story: story.enriched[0].arrived_at)
            found.append(
                {
                    "visitor": visitor,
                    "events": len(stories),
                    "sessions": len(sessions),
                    "last": newest.columns.get("event_name"),
                    "at": newest.enriched[0].arrived_at,
                    "bot": newest.columns.get("bot_name") or ("bot" if newest.columns.get("is_bot") else ""),
                }
            )
        return found


def one(source: Source, visitor: str) -> dict[str, Any]:
    """The sessions of a visitor, their events in the order of event time, merges, ends and carts."""
    with source.tails.lock:
        by_session = source.tails.store.sessions_of(visitor)
    merges = [
        {
            "survivor": line.columns.get("session_id"),
            "absorbed": line.columns.get("merged_session_id"),
            "at": line.arrived_at,
        }
        for stories in by_session.values()
        for story in stories
        for line in story.enriched
        if line.columns.get("event_name") == MERGE
    ]
    sessions: list[dict[str, Any]] = [
        {"id": session, "events": sorted(map(_event, stories), key=lambda event: event["at"])}
        for session, stories in by_session.items()
    ]
    sessions.sort(key=lambda session: session["events"][0]["at"])
    survivors = {merge["absorbed"]: merge["survivor"] for merge in merges}
    ends = _of_visitor(
        source, "session_ends", visitor, "session_id, closed_by, closed_at, revision, is_final"
    )
    for session in sessions:
        session["absorbed_by"] = survivors.get(session["id"])
        own = [row for row in ends if row["session_id"] == session["id"]]
        session["end"] = max(own, key=lambda row: int(row["revision"]), default=None)
    columns = "event_name, event_at, cart_id, items_quantity, value, currency, transaction_id"
    carts = _of_visitor(source, "cart_events", visitor, columns)
    return {
        "sessions": sessions,
        "merges": merges,
        "carts": sorted(carts, key=lambda row: str(row["event_at"])),
    }


def _of_visitor(source: Source, table: str, visitor: str, columns: str) -> list[dict[str, Any]]:
    """The rows of a table; none where the lake cannot tell, or where every question costs."""
    if source.price is not None:
        return []
    quoted = visitor.replace("'", "''")
    return source.lake.rows(f"SELECT DISTINCT {columns} FROM {table} WHERE visitor_id = '{quoted}'")  # noqa: S608 - quoted


def _event(story: Story) -> dict[str, Any]:
    columns = story.columns
    return {
        "id": story.event_id,
        "name": columns.get("event_name"),
        "at": _ms(columns.get("event_at")),
        "arrived": _ms(columns.get("received_at")),
        "page": columns.get("page_path"),
        "late": columns.get("is_late"),
        "start": columns.get("is_session_start"),
        "copies": max(0, len(story.raw) - 1),
        "cart": columns.get("event_name") in _CART,
        "value": None if columns.get("value") is None else Decimal(str(columns["value"])),
        "currency": columns.get("currency"),
    }


def _ms(text: Any) -> int:
    try:
        moment = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def clock(at: int) -> str:
    """Time of the day to the second."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M:%S")
