"""Draws docs/images/architecture.svg: `python -m tests.docs.architecture`."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "images" / "architecture.svg"
INK, QUIET, LINE = "#1f2933", "#52606d", "#9aa5b1"
FILLS = {"code": "#e8f1fb", "aws": "#ffffff", "data": "#eef7f0"}
STROKES = {"code": "#2563a8", "aws": "#9aa5b1", "data": "#2f7d4f"}
WIDTH, HEIGHT = 1120, 430
BOX_WIDTH, BOX_HEIGHT = 148, 64


class Box(NamedTuple):
    """One part. `x`, `y`: upper left corner. `room`: the folder that holds its code, relative to the repository."""

    name: str
    note: str
    kind: str
    x: int
    y: int
    room: str | None = None


BOXES = {
    "storefront": Box("storefront", "browser, app, server", "aws", 20, 90),
    "ingest": Box("ingest_lambda", "API Gateway + Lambda", "code", 210, 90, "ingest_lambda"),
    "raw": Box("raw stream", "Kinesis, by visitor", "aws", 400, 90),
    "consumer": Box("enrich_consumer", "KCL on ECS", "code", 590, 90, "enrich_consumer"),
    "enriched": Box("enriched stream", "Kinesis, by bucket", "aws", 780, 90),
    "firehose": Box("Firehose", "JSON to Parquet", "aws", 952, 90),
    "rejected": Box("rejected table", "the original, the reason", "data", 210, 230, "schemas"),
    "archive": Box("raw archive", "replay, rebuild", "data", 400, 230, "lake"),
    "log": Box("session log", "state on S3", "data", 590, 230, "enrich_consumer/session_log"),
    "lake": Box("lake", "Parquet on S3, Glue", "data", 952, 230, "lake"),
    "views": Box("views", "Athena", "code", 780, 340, "analytics"),
    "boards": Box("dashboards", "QuickSight", "aws", 590, 340),
}
ARROWS = (
    ("storefront", "ingest", "POST"),
    ("ingest", "raw", ""),
    ("raw", "consumer", ""),
    ("consumer", "enriched", ""),
    ("enriched", "firehose", ""),
    ("ingest", "rejected", ""),
    ("raw", "archive", ""),
    ("consumer", "log", ""),
    ("firehose", "lake", ""),
    ("lake", "views", ""),
    ("views", "boards", ""),
)


def draw() -> str:
    """The picture as SVG."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' font-family="Helvetica, Arial, sans-serif" font-size="13" role="img">'
    )
    about = (
        "<desc>Storefront events go through the ingest function, the raw stream, the enriching consumer, the enriched"
        " stream and Firehose into Parquet on S3, which Athena views and QuickSight read.</desc>"
    )
    marker = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{QUIET}"/></marker></defs>'
    )
    parts = [
        head,
        "<title>The way of an event</title>",
        about,
        marker,
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fbfcfd"/>',
        _text(20, 34, "The way of an event", INK, size=17, weight="bold"),
        _text(20, 56, "202 is the answer once the event is in the raw stream", QUIET),
    ]
    for start, end, label in ARROWS:
        parts += _arrow(BOXES[start], BOXES[end], label)
    for box in BOXES.values():
        parts += _box(box)
    parts += _legend()
    return "\n".join((*parts, "</svg>", ""))


def _box(box: Box) -> Iterator[str]:
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="7" fill="{FILLS[box.kind]}"'
        f' stroke="{STROKES[box.kind]}" stroke-width="1.5"/>'
    )
    middle = box.x + BOX_WIDTH / 2
    yield _text(middle, box.y + 28, box.name, INK, "middle", weight="bold")
    yield _text(middle, box.y + 47, box.note, QUIET, "middle", size=12)


def _arrow(start: Box, end: Box, label: str) -> Iterator[str]:
    if start.y == end.y:
        right = end.x > start.x
        x1 = start.x + (BOX_WIDTH if right else 0)
        x2 = end.x + (-3 if right else BOX_WIDTH + 3)
        y = start.y + BOX_HEIGHT / 2
        path = f"M{x1} {y}H{x2}"
        if label:
            yield _text((x1 + x2) / 2, y - 8, label, QUIET, "middle", size=11)
    elif start.x == end.x:
        path = f"M{start.x + BOX_WIDTH / 2} {start.y + BOX_HEIGHT}V{end.y - 3}"
    else:
        path = f"M{start.x + BOX_WIDTH / 2} {start.y + BOX_HEIGHT}V{end.y + BOX_HEIGHT / 2}H{end.x + BOX_WIDTH + 3}"
    yield f'<path d="{path}" fill="none" stroke="{QUIET}" stroke-width="1.5" marker-end="url(#tip)"/>'


def _legend() -> Iterator[str]:
    for number, (kind, words) in enumerate(
        {"code": "code of this repository", "data": "data", "aws": "AWS and clients"}.items()
    ):
        y = 330 + 26 * number
        yield f'<rect x="20" y="{y}" width="18" height="14" rx="3" fill="{FILLS[kind]}" stroke="{STROKES[kind]}"/>'
        yield _text(46, y + 12, words, QUIET)


def _text(
    x: float, y: float, text: str, fill: str, anchor: str = "start", size: int = 13, weight: str = "normal"
) -> str:
    return (
        f'<text x="{x}" y="{y}" fill="{fill}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )


if __name__ == "__main__":
    FILE.write_text(draw(), encoding="utf-8")
