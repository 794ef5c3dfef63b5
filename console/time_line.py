"""One visitor's timeline as SVG: a lane for each session by event time, one for arrivals, one for carts.

Places are in per cent of the width, so that the picture fits a phone and its letters stay as large.
"""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from typing import Any

LANE = 34
LEFT, WIDTH = 2.0, 96.0
"""Per cent."""
MOST_LANES = 12
PAUSE_MS = 120_000
"""Longer pauses are drawn as long as this."""


def time_line(
    sessions: list[dict[str, Any]], carts: list[dict[str, Any]], words: Callable[[str], str] = str
) -> str:
    """`sessions`: with events by time, as the page of sessions makes them; `carts`: rows of the table `cart_events`."""
    sessions = sessions[-MOST_LANES:]
    events = [(number, event) for number, session in enumerate(sessions) for event in session["events"]]
    if not events:
        return ""
    ends = [_ms(session["end"]["closed_at"]) for session in sessions if session.get("end")]
    left = [_ms(cart["event_at"]) for cart in carts]
    moments = [event[name] for _, event in events for name in ("at", "arrived")] + ends + left
    start, end = min(moments), max(moments)
    shares = _shares(moments)

    def x(at: int) -> str:
        return f"{shares[at]:.2f}%"

    arrivals = 24 + LANE * len(sessions)
    cart_lane = arrivals + LANE
    height = cart_lane + LANE + 26
    title = words("events by event time, by arrival, and carts")
    parts = [f'<svg class="line" width="100%" height="{height}" role="img" aria-label="{escape(title)}">']
    for number, session in enumerate(sessions):
        y = 24 + LANE * number
        first, last = session["events"][0]["at"], session["events"][-1]["at"]
        colour = f"s{number % 6}"
        parts.append(f'<text x="{LEFT}%" y="{y - 10}" class="label">{words("session")} {number + 1}</text>')
        parts.append(f'<line class="span {colour}" x1="{x(first)}" y1="{y}" x2="{x(last)}" y2="{y}"/>')
        if session.get("end"):
            closed = _ms(session["end"]["closed_at"])
            parts.append(
                f'<line class="wait {colour}" x1="{x(last)}" y1="{y}" x2="{x(closed)}" y2="{y}"/>'
                f'<text x="{x(closed)}" y="{y + 5}" text-anchor="end">■<title>'
                f"{escape(words('closed by'))} {escape(str(session['end']['closed_by']))}</title></text>"
            )
        if session.get("absorbed_by"):
            parts.append(
                f'<text x="{x(last)}" y="{y + 5}" text-anchor="start">⤴<title>{escape(words("merged into"))}'
                f" {escape(str(session['absorbed_by']))}</title></text>"
            )
    for number, event in events:
        y = 24 + LANE * number
        colour = f"s{number % 6}"
        name = f"{event['name']} {_clock(event['at'])}"
        parts.append(
            f'<line class="{colour} join" x1="{x(event["at"])}" y1="{y}" x2="{x(event["arrived"])}" y2="{arrivals}"/>'
            f'<circle class="{colour}" cx="{x(event["at"])}" cy="{y}" r="{7 if event["start"] else 5}">'
            f"<title>{escape(name)}</title></circle>"
            f'<circle class="{colour}" cx="{x(event["arrived"])}" cy="{arrivals}" r="4">'
            f"<title>{escape(str(event['name']))} {_clock(event['arrived'])}</title></circle>"
        )
        if event["cart"]:
            parts.append(
                f'<rect class="{colour}" x="{x(event["at"])}" y="{cart_lane - 5}" width="9" height="9">'
                f"<title>{escape(name)}</title></rect>"
            )
    for cart in carts:
        at = _ms(cart["event_at"])
        parts.append(
            f'<text x="{x(at)}" y="{cart_lane + 6}" text-anchor="middle">{_MARKS.get(str(cart["event_name"]), "?")}'
            f"<title>{escape(str(cart['event_name']))} {_clock(at)}</title></text>"
        )
    parts.append(f'<text x="{LEFT}%" y="{arrivals - 9}" class="label">{escape(words("by arrival"))}</text>')
    parts.append(f'<text x="{LEFT}%" y="{cart_lane - 10}" class="label">{escape(words("cart"))}</text>')
    parts.append(f'<text x="{LEFT}%" y="{height - 6}" class="label">{_clock(start)}</text>')
    parts.append(
        f'<text x="{LEFT + WIDTH}%" y="{height - 6}" class="label" text-anchor="end">{_clock(end)}</text></svg>'
    )
    return "".join(parts)


def _shares(moments: list[int]) -> dict[int, float]:
    """Per cent of the width for each moment; a pause longer than `PAUSE_MS` takes no more room than that."""
    ordered = sorted(set(moments))
    at, found = 0, {ordered[0]: 0}
    for before, moment in itertools.pairwise(ordered):
        at += min(PAUSE_MS, moment - before)
        found[moment] = at
    return {moment: LEFT + WIDTH * share / max(1, at) for moment, share in found.items()}


_MARKS = {"cart_abandoned": "✕", "cart_recovered": "✓", "cart_retracted": "○"}


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%d/%m %H:%M:%S")


def _ms(moment: Any) -> int:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
