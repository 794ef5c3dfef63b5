"""Draws the examples for docs/sessions.md: `python -m tests.proofs.sessions.pictures` writes one SVG for each.

A picture shows what the oracle says of the example, one row for each arrival, and below them the sessions.
"""

from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.proofs.sessions.arrivals_oracle import Verdict, followed, verdicts
from tests.proofs.sessions.cases import CASES, MIDNIGHT, Case, clock_ms, event_id, history
from tests.proofs.sessions.history import DAY, MINUTE, Arrival

FOLDER = Path(__file__).parents[3] / "docs" / "images" / "sessions"
COLOURS = ("#2563a8", "#c2621b", "#2f7d4f")
INK, QUIET, LINE = "#1f2933", "#66717d", "#d5dae0"
WIDTH, LEFT, RIGHT = 880, 250, 634
HAPPENED, ARRIVED, FATE = 48, 144, 664
ROW, BAR = 28, 44


class Scale(NamedTuple):
    """Time → horizontal position."""

    start: int
    end: int

    def x(self, at: int) -> float:
        return round(LEFT + (at - self.start) * (RIGHT - LEFT) / (self.end - self.start), 1)

    def ticks(self) -> Iterator[int]:
        """Round times, at most seven of them."""
        steps = (5, 10, 15, 20, 30, 60, 120)
        step = MINUTE * next(s for s in steps if (self.end - self.start) / (s * MINUTE) <= 7)
        first = self.start + -(self.start - MIDNIGHT) % step
        yield from range(first, self.end + 1, step)


def draw(case: Case) -> str:
    """The picture of a case as SVG."""
    found = verdicts(history(case))
    letters = {event_id(one.event): one.event for one in case.events}
    sessions = {
        letters[opener[2]]: sorted(rows, key=lambda row: row.at) for opener, rows in followed(found).items()
    }
    colours = dict(zip(sessions, COLOURS, strict=False))
    home = {row.ordinal: name for name, rows in sessions.items() for row in rows}
    scale = _scale(case, found)
    absorbed = [(other, verdict) for verdict in found for other in verdict.absorbed]
    top = 54 if case.marks else 38
    below = top + ROW * len(found) + 8
    height = below + BAR * (len(sessions) + len(absorbed)) + 6
    parts = [*_frame(case, scale, below, height)]
    for number, verdict in enumerate(found):
        y = top + ROW * number + ROW / 2
        parts += _row(verdict, letters, colours.get(home.get(number, ""), QUIET), scale, y)
        if case.events[number].clock:
            said = _clock(verdict.arrival.at + (case.events[number].clock or 0))
            parts.append(_text(scale.x(verdict.arrival.received_at) + 14, y + 4, f"its clock: {said}", QUIET))
    y = below
    before: Arrival | None = None
    for name, rows in sessions.items():
        parts += _bar(name, rows, colours[name], scale, y)
        if before:
            parts += _hole(before.at, rows[0].at, scale, y)
        before = rows[-1]
        y += BAR
    for other, verdict in absorbed:
        members = [v.arrival for v in found if v.session == other]
        parts += _ghost(letters[other[2]], members, letters[verdict.session[2]], scale, y)
        y += BAR
    return "\n".join((*parts, "</svg>", ""))


def _scale(case: Case, found: list[Verdict]) -> Scale:
    moments = [v.arrival.at for v in found] + [v.arrival.received_at for v in found]
    moments += [clock_ms(moment) for moment, _ in case.marks]
    room = max((max(moments) - min(moments)) // 16, MINUTE)
    return Scale(min(moments) - room, max(moments) + room)


def _frame(case: Case, scale: Scale, below: int, height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' font-family="Helvetica, Arial, sans-serif" font-size="12.5" role="img">'
    )
    yield f"<title>{escape(case.title)}</title>"
    yield f"<desc>{escape(case.says)}</desc>"
    yield f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff" stroke="{LINE}"/>'
    yield _text(HAPPENED, 24, "happened", QUIET)
    yield _text(ARRIVED, 24, "arrived", QUIET)
    yield _text(FATE, 24, "what becomes of it", QUIET)
    for tick in scale.ticks():
        x = scale.x(tick)
        yield _text(x, 24, _clock(tick), QUIET, "middle")
        yield f'<path d="M{x} 32V{height - 12}" stroke="{LINE}"/>'
    yield f'<path d="M14 {below - 2}H{WIDTH - 14}" stroke="{LINE}"/>'
    for moment, label in case.marks:
        x = scale.x(clock_ms(moment))
        beside, anchor = (x - 5, "end") if x > (LEFT + RIGHT) / 2 else (x + 5, "start")
        yield f'<path d="M{x} 32V{height - 12}" stroke="{INK}" stroke-dasharray="5 3"/>'
        yield _text(beside, 46, label, INK, anchor)


def _row(verdict: Verdict, letters: Mapping[str, str], colour: str, scale: Scale, y: float) -> Iterator[str]:
    event = verdict.arrival
    x, arrived = scale.x(event.at), scale.x(event.received_at)
    letter = letters[event.event_id]
    yield _text(24, y + 4, letter, INK, weight="bold")
    yield _text(HAPPENED, y + 4, _clock(event.at), INK)
    yield _text(ARRIVED, y + 4, _clock(event.received_at), INK if arrived > x else QUIET)
    if arrived - x > 9:
        yield f'<path d="M{x + 9} {y}H{arrived - 3}" stroke="{colour}" stroke-dasharray="2 3"/>'
        yield f'<path d="M{arrived - 6} {y - 4}L{arrived} {y}L{arrived - 6} {y + 4}" fill="none" stroke="{colour}"/>'
    if verdict.session is None:
        yield f'<circle cx="{x}" cy="{y}" r="8" fill="#ffffff" stroke="{QUIET}" stroke-dasharray="2 2"/>'
        yield _text(x, y + 4, letter, QUIET, "middle")
    else:
        yield f'<circle cx="{x}" cy="{y}" r="8" fill="{colour}"/>'
        yield _text(x, y + 4, letter, "#ffffff", "middle", "bold")
    yield _text(FATE, y + 4, _fate(verdict, letters), QUIET if verdict.session is None else INK)


def _fate(verdict: Verdict, letters: Mapping[str, str]) -> str:
    if verdict.session is None:
        return "a copy: dropped"
    name = letters[verdict.session[2]]
    words = f"opens session {name}" if verdict.is_start else f"joins session {name}"
    if verdict.absorbed:
        words += " and merges " + ", ".join(letters[other[2]] for other in verdict.absorbed)
    return words + (", late" if verdict.is_late else "")


def _bar(name: str, rows: list[Arrival], colour: str, scale: Scale, y: float) -> Iterator[str]:
    yield _text(24, y + 20, f"session {name}", colour, weight="bold")
    yield f'<rect {_extent(rows, scale, y)} fill="{colour}" fill-opacity="0.25" stroke="{colour}"/>'
    for row in rows:
        yield f'<circle cx="{scale.x(row.at)}" cy="{y + 16}" r="3" fill="{colour}"/>'
    for a, b in pairwise(rows):
        yield from _length(a.at, b.at, scale, y)
    yield _text(FATE, y + 20, _extent_text(rows), INK)


def _hole(end: int, start: int, scale: Scale, y: float) -> Iterator[str]:
    """The time between two sessions."""
    x, to = scale.x(end) + 10, scale.x(start) - 10
    if to - x > 8:
        yield f'<path d="M{x} {y + 12}v8M{x} {y + 16}H{to}M{to} {y + 12}v8" fill="none" stroke="{QUIET}"/>'
        yield from _length(end, start, scale, y)


def _ghost(name: str, rows: list[Arrival], survivor: str, scale: Scale, y: float) -> Iterator[str]:
    """A session that became part of another, as it was until then."""
    yield _text(24, y + 20, f"session {name}", QUIET, weight="bold")
    yield f'<rect {_extent(rows, scale, y)} fill="none" stroke="{QUIET}" stroke-dasharray="4 3"/>'
    for row in rows:
        yield f'<circle cx="{scale.x(row.at)}" cy="{y + 16}" r="3" fill="{QUIET}"/>'
    yield _text(FATE, y + 20, f"is part of session {survivor} now", QUIET)


def _extent(rows: list[Arrival], scale: Scale, y: float) -> str:
    times = [row.at for row in rows]
    start, end = scale.x(min(times)) - 8, scale.x(max(times)) + 8
    return f'x="{round(start, 1)}" y="{y + 9}" width="{round(end - start, 1)}" height="14" rx="7"'


def _length(start: int, end: int, scale: Scale, y: float) -> Iterator[str]:
    label = _duration(end - start)
    if scale.x(end) - scale.x(start) > 5.8 * len(label):
        yield _text((scale.x(start) + scale.x(end)) / 2, y + 37, label, QUIET, "middle", size=11)


def _extent_text(rows: list[Arrival]) -> str:
    times = _clock(rows[0].at)
    if len(rows) > 1:
        times += f" to {_clock(rows[-1].at)}"
    return f"{times}, {_events(len(rows))}"


def _events(number: int) -> str:
    return "1 event" if number == 1 else f"{number} events"


def _text(
    x: float, y: float, text: str, colour: str, anchor: str = "start", weight: str = "", size: float = 0
) -> str:
    more = f' text-anchor="{anchor}"' * (anchor != "start") + f' font-weight="{weight}"' * bool(weight)
    more += f' font-size="{size}"' * bool(size)
    return f'<text x="{round(x, 1)}" y="{y}" fill="{colour}"{more}>{escape(text)}</text>'


def _clock(at: int) -> str:
    minutes, rest = divmod((at - MIDNIGHT) % DAY, MINUTE)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return text if rest == 0 else f"{text}:{rest // 1000:02d}.{rest % 1000:03d}"


def _duration(length: int) -> str:
    minutes, rest = divmod(length, MINUTE)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes) + [f"{rest} ms"] * bool(rest)
    return " ".join(parts)


def main() -> None:
    """Write every picture, and remove what is no longer drawn."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = {f"{case.name}.svg": draw(case) for case in CASES if case.drawn}
    for path in FOLDER.glob("*.svg"):
        if path.name not in wanted:
            path.unlink()
    for name, picture in wanted.items():
        (FOLDER / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
