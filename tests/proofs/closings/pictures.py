"""Examples of ends, drawn for docs/sessions.md: `python -m tests.proofs.closings.pictures` writes one SVG for each.

A picture shows the events as they arrive and, below, the emitted rows, each at its tick. What is
drawn is what the oracle says; the tests hold it against the core, as they do all histories.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

from tests.proofs.closings import oracle
from tests.proofs.closings.histories_with_ticks import tick
from tests.proofs.closings.oracle import CartEvent
from tests.proofs.sessions.cases import DEFAULT, clock_ms
from tests.proofs.sessions.history import MINUTE, History, Record
from tests.proofs.sessions.pictures import Scale

FOLDER = Path(__file__).parents[3] / "docs" / "images" / "closings"
PAGE = "#ffffff"
INK, QUIET, LINE, BLUE, ORANGE, GREEN = "#1f2933", "#66717d", "#d5dae0", "#2563a8", "#c2621b", "#2f7d4f"
WIDTH, FATE, ROW = 880, 664, 28
VIEW, ADD, BUY = 12, 16, 10
"""Numbers of event ids (`histories_with_ticks.details`): a page view, something put into the cart, a purchase."""


class Example(NamedTuple):
    """`arrivals`: (letter, kind, when it happened, when it arrived). Time passes until `until`, a tick each 30 s."""

    name: str
    title: str
    says: str
    arrivals: tuple[tuple[str, int, str, str], ...]
    until: str
    rows: tuple[str, ...]


EXAMPLES = (
    Example(
        "silence",
        "A session ends in silence",
        "Announced when nothing came for the gap, and for good when nothing can join any more.",
        (("a", VIEW, "10:00", "10:00"), ("b", VIEW, "10:20", "10:20")),
        "12:10",
        ("10:50:30 provisional, 2 events", "12:00:30 final, 2 events"),
    ),
    Example(
        "revision",
        "A late event makes a revision",
        "b happened within the gap, and arrives after the end was announced.",
        (("a", VIEW, "10:00", "10:00"), ("b", VIEW, "10:25", "10:45")),
        "12:40",
        ("10:30:30 provisional, 1 event", "11:15:30 provisional, 2 events", "12:25:30 final, 2 events"),
    ),
    Example(
        "retraction",
        "A session is taken back",
        "c fills the gap between two sessions whose ends were announced: the second never was one of its own.",
        (("a", VIEW, "10:00", "10:00"), ("b", VIEW, "10:50", "10:50"), ("c", VIEW, "10:25", "11:25")),
        "13:10",
        (
            "10:30:30 provisional, 1 event",
            "11:20:30 provisional, 1 event",
            "11:25 taken back, 1 event",
            "11:55:30 provisional, 3 events",
            "13:05:30 final, 3 events",
        ),
    ),
    Example(
        "cart",
        "A cart is left behind, and bought after all",
        "Announced after an hour of silence; the purchase after it answers.",
        (("a", ADD, "10:00", "10:00"), ("b", BUY, "11:20", "11:20")),
        "11:40",
        ("10:30:30 provisional, 1 event", "11:00:30 cart abandoned", "11:20 cart recovered"),
    ),
)


def history(example: Example) -> History:
    """The example with its ticks."""
    records: list[Record] = []
    at = clock_ms("10:00")
    for letter, kind, happened, arrives in example.arrivals:
        while at < clock_ms(arrives):
            records.append(tick(at))
            at += MINUTE // 2
        event_id = f"{kind + 1020 * (ord(letter) - 96):08x}-0000-4000-8000-000000000000"
        records.append(Record("loja", "ana", clock_ms(arrives), None, ((event_id, clock_ms(happened)),)))
    while at <= clock_ms(example.until):
        records.append(tick(at))
        at += MINUTE // 2
    return History({"loja": DEFAULT}, tuple(records))


def emitted_rows(example: Example) -> list[tuple[int, str, str]]:
    """(when, what, colour) of each row."""
    one = history(example)
    found = []
    for number, rows in oracle.rows(one):
        at = one.records[number - 1].received_at
        found += [(at, *_words(row)) for row in rows]
    return found


def _words(row: oracle.Row) -> tuple[str, str]:
    if isinstance(row, CartEvent):
        return row.name.replace("_", " "), ORANGE
    what = "taken back" if row.survivor else "final" if row.is_final else "provisional"
    events = row.revision - row.is_final
    colour = QUIET if row.survivor else GREEN if row.is_final else BLUE
    return f"{what}, {events} event{'s' * (events != 1)}", colour


def draw(example: Example) -> str:
    """The picture as SVG."""
    rows = emitted_rows(example)
    scale = Scale(clock_ms("10:00") - 8 * MINUTE, clock_ms(example.until) + 4 * MINUTE)
    height = 44 + ROW * (len(example.arrivals) + len(rows)) + 14
    parts = [*_frame(example, scale, height)]
    y = 38 + ROW / 2
    for letter, _, happened, arrives in example.arrivals:
        x, arrived = scale.x(clock_ms(happened)), scale.x(clock_ms(arrives))
        if arrived - x > 9:
            parts.append(f'<path d="M{x + 9} {y}H{arrived}" stroke="{INK}" stroke-dasharray="2 3"/>')
        parts.append(f'<circle cx="{x}" cy="{y}" r="8" fill="{INK}"/>')
        parts.append(_text(x, y + 4, letter, PAGE, "middle"))
        parts.append(_text(24, y + 4, f"{letter} happened {happened}, arrived {arrives}", INK))
        y += ROW
    for at, what, colour in rows:
        x = scale.x(at)
        parts.append(f'<path d="M{x} {y - 9}v18" stroke="{colour}" stroke-width="3"/>')
        parts.append(_text(24, y + 4, f"emitted at {_clock(at)}", colour))
        parts.append(_text(FATE, y + 4, what, colour))
        y += ROW
    return "\n".join((*parts, "</svg>", ""))


def _frame(example: Example, scale: Scale, height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' font-family="Helvetica, Arial, sans-serif" font-size="12.5" role="img">'
    )
    yield f"<title>{escape(example.title)}</title>"
    yield f"<desc>{escape(example.says)}</desc>"
    yield f'<rect width="{WIDTH}" height="{height}" rx="6" fill="{PAGE}" stroke="{LINE}"/>'
    for mark in scale.ticks():
        x = scale.x(mark)
        yield _text(x, 24, _clock(mark), QUIET, "middle")
        yield f'<path d="M{x} 32V{height - 10}" stroke="{LINE}"/>'


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    more = f' text-anchor="{anchor}"' * (anchor != "start")
    return f'<text x="{round(x, 1)}" y="{y}" fill="{colour}"{more}>{escape(text)}</text>'


def _clock(at: int) -> str:
    seconds = at // 1000 % 86_400
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return text if seconds % 60 == 0 else f"{text}:{seconds % 60:02d}"


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        (FOLDER / f"{example.name}.svg").write_text(draw(example), encoding="utf-8")


if __name__ == "__main__":
    main()
