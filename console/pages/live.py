"""Live: counts by second, what came last, and a stream of rows over server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.page import Page
from console.source import Source
from console.store import Story

EVERY_SECONDS = 1.0
MOST_ROWS = 60
"""Rows sent in one second; above that the newest ones: a person reads no faster, and the browser stays calm."""
SHOWN_SECONDS = 180


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        return await page.render(request, "live.html", try_it=page.source.try_it)

    async def stream(request: Request) -> Response:
        return StreamingResponse(_events(page.source, request), media_type="text/event-stream")

    return [Route("/live", show), Route("/live/stream", stream)]


async def _events(source: Source, request: Request) -> AsyncIterator[str]:
    seen = 0
    while not await request.is_disconnected():
        document, seen = snapshot(source, seen)
        yield f"data: {json.dumps(document, separators=(',', ':'), default=str)}\n\n"
        await asyncio.sleep(EVERY_SECONDS)


def snapshot(source: Source, seen: int) -> tuple[dict[str, Any], int]:
    """What the page shows now, with the rows after number `seen`; and the number of the newest row."""
    now = source.clock()
    store = source.tails.store
    with source.tails.lock:
        seconds = store.seconds(now, SHOWN_SECONDS)
        fresh = dict.fromkeys(event_id for number, event_id in reversed(store.recent) if number > seen)
        stories = [story for one in list(fresh)[:MOST_ROWS] if (story := store.story(one))]
        rows = [row_of(story) for story in stories]
        visitors, sessions = store.open_now(now, source.gap_ms)
        document = {
            "seconds": {
                "at": [second.at for second in seconds],
                **{
                    name: [getattr(second, name) for second in seconds]
                    for name in ("accepted", "rejected", "enriched", "copies", "bots", "late")
                },
            },
            "rows": rows,
            "more": max(0, len(fresh) - MOST_ROWS),
            "visitors": visitors,
            "sessions": sessions,
            "latency": {"p50": store.latency(0.5), "p95": store.latency(0.95)},
            "lag": max(source.tails.behind_ms.values(), default=0),
            "money": money(store.money, now),
            "errors": dict(source.tails.errors),
        }
        return document, store.number


def money(by_day: dict[str, dict[str, Any]], now: int) -> dict[str, str]:
    """Today's purchases by currency; the day is UTC's newest that has any."""
    today = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    day = by_day.get(today) or by_day.get(max(by_day, default=""), {})
    return {currency: f"{amount:,.2f}" for currency, amount in sorted(day.items())}


def row_of(story: Story) -> dict[str, Any]:
    """One row of the stream. `verdict`: accepted, enriched, bot, late, copy or the reason of a refusal."""
    columns = story.columns
    raw = story.raw[0] if story.raw else None
    event = raw.event if raw else {}
    page = event.get("page") if isinstance(event.get("page"), dict) else {}
    refused = story.rejected[0].row.get("reason") if story.rejected and not story.raw else None
    return {
        "id": story.event_id,
        "at": (story.enriched[0].arrived_at if story.enriched else raw.arrived_at if raw else None),
        "event": columns.get("event_name") or event.get("event") or "",
        "page": columns.get("page_path") or (page or {}).get("url") or "",
        "visitor": columns.get("visitor_id") or (raw.context.get("visitor_id") if raw else ""),
        "channel": columns.get("channel") or "",
        "country": columns.get("geo_country") or "",
        "device": columns.get("device_class") or "",
        "verdict": refused or _verdict(story, columns),
    }


def _verdict(story: Story, columns: dict[str, Any]) -> str:
    if not columns:
        return "accepted"
    if columns.get("is_bot"):
        return "bot"
    if len(story.raw) > 1:
        return "copy"
    return "late" if columns.get("is_late") else "enriched"
