"""Live: counts by second, what came last, and a stream of rows over server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.draw import Numbers
from console.mask import masked_text
from console.page import Page
from console.seen import Story
from console.source import Source

EVERY_SECONDS = 1.0
MOST_ROWS = 40
"""Rows sent in one second; above that the newest ones: a person reads no faster, and the browser stays calm."""
SHOWN_SECONDS = 180
COUNTS = ("accepted", "enriched", "rejected", "refused", "copies", "bots", "late")


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        return await page.render(request, "live.html", try_it=page.source.try_it, counts=COUNTS)

    async def stream(request: Request) -> Response:
        events = _events(page.source, request, page.language(request), page.personal(request))
        return StreamingResponse(events, media_type="text/event-stream")

    return [Route("/live", show), Route("/live/stream", stream)]


async def _events(source: Source, request: Request, language: str, personal: bool) -> AsyncIterator[bytes]:
    seen, newest_second = 0, 0
    while not await request.is_disconnected():
        document, seen = snapshot(source, seen, newest_second, language=language)
        newest_second = document["seconds"]["at"][-1] - 3 if document["seconds"]["at"] else newest_second
        if not personal:
            for row in document["rows"]:
                row["page"] = masked_text(row["page"])
        yield b"data: " + orjson.dumps(document, default=str) + b"\n\n"
        await asyncio.sleep(EVERY_SECONDS)


def snapshot(
    source: Source, seen: int, newest_second: int = 0, *, language: str = "en"
) -> tuple[dict[str, Any], int]:
    """What the page shows now, with the rows after record `seen` and the seconds after `newest_second`; and the newest
    record's number."""
    now = source.clock()
    store = source.tails.store
    with source.tails.lock:
        seconds = [second for second in store.seconds(now, SHOWN_SECONDS) if second.at > newest_second]
        fresh = store.records.since(seen, MOST_ROWS * 25)
        stories = [story for one in fresh[:MOST_ROWS] if (story := store.story(one))]
        rows = [row_of(story) for story in stories]
        visitors, sessions = store.open_now(now, source.gap_ms)
        document = {
            "seconds": {
                "at": [second.at for second in seconds],
                **{name: [getattr(second, name) for second in seconds] for name in COUNTS},
            },
            "rows": rows,
            "more": max(0, len(fresh) - MOST_ROWS),
            "totals": {name: store.totals.get(name, 0) for name in COUNTS},
            "visitors": visitors,
            "sessions": sessions,
            "latency": {"p50": store.latency(0.5), "p95": store.latency(0.95)},
            "lag": max(source.tails.behind_ms.values(), default=0),
            "money": money(store.money, now, language),
            "errors": dict(source.tails.errors),
        }
        return document, store.records.number


def money(by_day: dict[str, dict[str, Decimal]], now: int, language: str = "en") -> dict[str, str]:
    """Today's purchases by currency; the day is UTC's, or the newest one that has any."""
    today = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    day = by_day.get(today) or by_day.get(max(by_day, default=""), {})
    numbers = Numbers(language)
    return {currency: numbers.shown(amount) for currency, amount in sorted(day.items())}


def row_of(story: Story) -> dict[str, Any]:
    """One row of the stream. `verdict`: accepted, enriched, bot, late, copy or the reason of a refusal."""
    columns = story.columns
    raw = story.raw[0] if story.raw else None
    event = raw.event if raw else {}
    page = event.get("page") if isinstance(event.get("page"), dict) else {}
    return {
        "id": story.event_id,
        "at": _newest(story),
        "event": str(columns.get("event_name") or event.get("event") or ""),
        "page": str(columns.get("page_path") or (page or {}).get("url") or _refused_for(story)),
        "visitor": str(columns.get("visitor_id") or (raw.context.get("visitor_id") if raw else "")),
        "channel": columns.get("channel") or "",
        "country": columns.get("geo_country") or "",
        "device": columns.get("device_class") or "",
        "verdict": story.refusal or _verdict(story, columns),
    }


def _refused_for(story: Story) -> str:
    """What the refusal says of the field, or where the request went."""
    if story.rejected:
        return str(story.rejected[0].row.get("detail") or "")
    return str(story.answers[-1].line.get("route") or "") if story.answers else ""


def _newest(story: Story) -> int | None:
    if story.enriched:
        return story.enriched[0].arrived_at
    if story.raw:
        return story.raw[0].arrived_at
    if story.answers:
        return story.answers[0].at
    if story.rejected:
        return int(datetime.fromisoformat(str(story.rejected[0].row["rejected_at"])).timestamp() * 1000)
    return None


def _verdict(story: Story, columns: dict[str, Any]) -> str:
    if not columns:
        return "accepted"
    if columns.get("is_bot"):
        return "bot"
    if len(story.raw) > 1:
        return "copy"
    return "late" if columns.get("is_late") else "enriched"
