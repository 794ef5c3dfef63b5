"""Refusals: by reason and field, with an example and the sentence that says what to change."""

import re
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.advice import advice
from console.page import Page
from console.source import Source
from console.tails import payload_of

LONGEST_EXAMPLE = 2_000


def routes(page: Page) -> list[Route]:
    async def show(request: Request) -> Response:
        return await page.render(request, "refusals.html", groups=groups(page.source))

    return [Route("/refusals", show)]


def groups(source: Source) -> list[dict[str, Any]]:
    """The refusals by site, reason and field, the most frequent first; the example is the newest."""
    with source.tails.lock:
        seen = list(source.tails.store.rejections)
    counts: Counter[tuple[str, str, str]] = Counter()
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for rejection in seen:
        row = rejection.row
        key = (str(row.get("site") or ""), str(row.get("reason")), field_of(str(row.get("detail") or "")))
        counts[key] += 1
        newest[key] = row
    return [
        {
            "site": site,
            "reason": reason,
            "field": field,
            "count": count,
            "advice": advice(reason, str(newest[site, reason, field].get("detail") or "")),
            "event_id": newest[site, reason, field].get("event_id"),
            "example": payload_of(newest[site, reason, field])[:LONGEST_EXAMPLE],
        }
        for (site, reason, field), count in counts.most_common()
    ]


def field_of(detail: str) -> str:
    """The field that a detail names: `page.url: ...` or `"event": ...`; empty where it names none."""
    found = re.match(r'"?([A-Za-z_][\w.\[\]]*)"?(?=:| )', detail)
    return (
        found.group(1) if found and ("." in found.group(1) or detail[found.end() :].startswith(":")) else ""
    )
