"""Refusals: by reason and field, with an example and the sentence that says what to change."""

from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.advice import advice
from console.page import Page
from console.pages.trace import when
from console.refusals import Group
from console.source import Source
from console.tails import payload_of

LONGEST_EXAMPLE = 2_000


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        return await shown(request, "")

    async def replay(request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode(errors="replace")))
        reason, dry = fields.get("reason", ""), fields.get("do") != "recover"
        span = _span(page.source, reason)
        if page.source.recover is None or span is None:
            return PlainTextResponse("rastro console: nothing was refused for this reason\n", status_code=404)
        said = await run_in_threadpool(page.source.recover, reason, *span, dry)
        return await shown(request, said)

    async def shown(request: Request, said: str) -> Response:
        found = groups(page.source)
        total = sum(group["count"] for group in found)
        return await page.render(
            request,
            "refusals.html",
            groups=found,
            total=total,
            when=when,
            said=said,
            can_recover=page.source.recover is not None,
        )

    return [Route("/refusals", show), Route("/refusals", replay, methods=["POST"])]


def _span(source: Source, reason: str) -> tuple[int, int] | None:
    """The first and the last time of a reason of the rejected table."""
    with source.tails.lock:
        found = [
            group
            for group in source.tails.store.refusals.groups()
            if group.subject.reason == reason and group.subject.stage != "request"
        ]
    return (min(one.first_at for one in found), max(one.last_at for one in found)) if found else None


def groups(source: Source) -> list[dict[str, Any]]:
    """The refusals by site, reason and field, the most frequent first; the example is the newest."""
    with source.tails.lock:
        return [_shown(group) for group in source.tails.store.refusals.groups()]


def _shown(group: Group) -> dict[str, Any]:
    row = group.row
    whole = group.subject.stage == "request"
    return {
        **group.subject._asdict(),
        "count": group.count,
        "first_at": group.first_at,
        "last_at": group.last_at,
        "advice": advice(group.subject.reason),
        "detail": str(row.get("detail") or ""),
        "status": row.get("status") if whole else None,
        "route": row.get("route") if whole else None,
        "id": row.get("request_id") if whole else row.get("event_id"),
        "example": "" if whole else payload_of(row)[:LONGEST_EXAMPLE],
    }
