"""Refusals: by reason and field, with an example and the sentence that says what to change."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
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
        found = groups(page.source)
        total = sum(group["count"] for group in found)
        return await page.render(request, "refusals.html", groups=found, total=total, when=when)

    return [Route("/refusals", show)]


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
