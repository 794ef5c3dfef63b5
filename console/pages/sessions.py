"""Sessions being built: one visitor's events on a line of time, and the sessions that they make."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.page import Page
from console.pages.trace import when
from console.source import Source
from console.store import Story

MOST_VISITORS = 40


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        visitor = request.query_params.get("visitor", "").strip()
        values = one(page.source, visitor) if visitor else {"sessions": [], "line": "", "merges": []}
        newest = [] if visitor else visitors(page.source)
        return await page.render(
            request, "sessions.html", visitor=visitor, visitors=newest, when=when, **values
        )

    return [Route("/sessions", show)]


def visitors(source: Source) -> list[dict[str, Any]]:
    """The visitors seen last, the newest first, with how many events and sessions the console has of them."""
    with source.tails.lock:
        store = source.tails.store
        ids: dict[str, None] = {}
        for _, event_id in reversed(store.recent):
            story = store.story(event_id)
            visitor = story.columns.get("visitor_id") if story else None
            if visitor:
                ids.setdefault(str(visitor))
            if len(ids) == MOST_VISITORS:
                break
        found = []
        for visitor in ids:
            sessions = store.sessions_of(visitor)
            events = sum(len(stories) for stories in sessions.values())
            found.append({"visitor": visitor, "events": events, "sessions": len(sessions)})
        return found


def one(source: Source, visitor: str) -> dict[str, Any]:
    """The sessions of a visitor, their events in the order of event time, and the merges."""
    with source.tails.lock:
        by_session = source.tails.store.sessions_of(visitor)
        merges = [
            {"survivor": line.columns.get("session_id"), "absorbed": line.columns.get("merged_session_id")}
            for stories in by_session.values()
            for story in stories
            for line in story.enriched
            if line.columns.get("event_name") == "session_merge"
        ]
        sessions: list[dict[str, Any]] = [
            {"id": session, "events": sorted(map(_event, stories), key=lambda event: event["at"])}
            for session, stories in by_session.items()
        ]
    sessions.sort(key=lambda session: session["events"][0]["at"])
    survivors = {merge["absorbed"]: merge["survivor"] for merge in merges}
    for session in sessions:
        session["absorbed_by"] = survivors.get(session["id"])
    return {"sessions": sessions, "merges": merges, "line": time_line(sessions)}


def _event(story: Story) -> dict[str, Any]:
    columns = story.columns
    return {
        "id": story.event_id,
        "name": columns.get("event_name"),
        "at": _ms(columns.get("event_at")),
        "arrived": _ms(columns.get("received_at")),
        "page": columns.get("page_path"),
        "late": columns.get("is_late"),
    }


def _ms(text: Any) -> int:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except ValueError:
        return 0


def time_line(sessions: list[dict[str, Any]]) -> str:
    """Two rows of dots: by event time above, by arrival below; a line joins the two of one event."""
    events = [(number, event) for number, session in enumerate(sessions) for event in session["events"]]
    if not events:
        return ""
    moments: list[int] = [event[name] for _, event in events for name in ("at", "arrived")]
    start, span = min(moments), max(1, max(moments) - min(moments))

    def x(at: int) -> float:
        return round(20.0 + float(at - start) / span * 680.0, 1)

    parts = [
        '<svg class="line" viewBox="0 0 720 120" role="img" aria-label="events by event time and by arrival">'
    ]
    for number, event in events:
        parts.append(
            f'<path class="s{number % 6}" d="M{x(event["at"])} 34L{x(event["arrived"])} 88"/>'
            f'<circle class="s{number % 6}" cx="{x(event["at"])}" cy="34" r="6"/>'
            f'<circle class="s{number % 6}" cx="{x(event["arrived"])}" cy="88" r="4"/>'
        )
    return "".join((*parts, "</svg>"))
