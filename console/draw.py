"""Charts as SVG and tables, made on the server. Every shown text is escaped; colours come from the style sheet."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any

BAR_WIDTH, ROW = 420, 26
NONE = "-"


def shown(value: Any) -> str:
    """A value as a person reads it."""
    match value:
        case None | "":
            text = NONE
        case bool():
            text = "yes" if value else "no"
        case int():
            text = f"{value:,}"
        case float() | Decimal():
            text = f"{value:,.2f}"
        case datetime():
            text = value.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
        case date():
            text = value.isoformat()
        case _:
            text = str(value)
    return text


def bars(rows: Sequence[dict[str, Any]], labels: Sequence[str], measure: str, title: str) -> str:
    """Horizontal bars, as long as the measure; the label names the dimensions, the number stands behind the bar."""
    if not rows:
        return nothing()
    top = max((float(row[measure] or 0) for row in rows), default=0.0)
    height = ROW * len(rows) + 4
    parts = [f'<svg class="bars" viewBox="0 0 720 {height}" role="img" aria-label="{escape(title)}">']
    for number, row in enumerate(rows):
        y = number * ROW + 4
        width = 0 if top <= 0 else max(0.0, float(row[measure] or 0)) / top * BAR_WIDTH
        label = " · ".join(shown(row[name]) for name in labels)
        parts.append(
            f'<text class="label" x="196" y="{y + 14}" text-anchor="end">{escape(_short(label))}'
            f"<title>{escape(label)}</title></text>"
            f'<rect class="bar" x="204" y="{y}" width="{width:.1f}" height="18" rx="3"/>'
            f'<text class="value" x="{210 + width:.1f}" y="{y + 14}">{escape(shown(row[measure]))}</text>'
        )
    return "".join((*parts, "</svg>"))


def heat_map(rows: Sequence[dict[str, Any]], row: str, column: str, measure: str, title: str) -> str:
    """A cell for each pair, the darker the greater; the number stands in the cell."""
    if not rows:
        return nothing()
    across = sorted({cell[column] for cell in rows}, key=_sortable)
    down = sorted({cell[row] for cell in rows}, key=_sortable)
    values = {(cell[row], cell[column]): float(cell[measure] or 0) for cell in rows}
    top = max(values.values(), default=0.0) or 1.0
    head = "".join(f'<th scope="col">{escape(shown(name))}</th>' for name in across)
    lines = []
    for name in down:
        cells = []
        for other in across:
            value = values.get((name, other))
            if value is None:
                cells.append("<td></td>")
            else:
                step = min(9, int(value / top * 9.999))
                cells.append(f'<td class="heat{step}">{escape(_compact(value))}</td>')
        lines.append(f'<tr><th scope="row">{escape(shown(name))}</th>{"".join(cells)}</tr>')
    return (
        f'<div class="wide"><table class="heat"><caption class="hidden">{escape(title)}</caption>'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def table(rows: Sequence[dict[str, Any]], title: str) -> str:
    """A table, numbers to the right."""
    if not rows:
        return nothing()
    names = list(rows[0])
    numeric = {
        name for name in names if all(isinstance(row[name], int | float | Decimal | None) for row in rows)
    }
    head = "".join(
        f'<th scope="col"{_right(name in numeric)}>{escape(name.replace("_", " "))}</th>' for name in names
    )
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=number' if name in numeric else ''}>{escape(shown(row[name]))}</td>"
            for name in names
        )
        + "</tr>"
        for row in rows[:100]
    )
    return (
        f'<div class="wide"><table><caption class="hidden">{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def flow(rows: Sequence[dict[str, Any]], source: str, target: str, measure: str, title: str) -> str:
    """How much goes from where to where: sources to the left, targets to the right, bands as wide as the measure."""
    rows = [row for row in rows if row[measure]][:24]
    if not rows:
        return nothing()
    total = sum(float(row[measure]) for row in rows)
    height, gap = 420.0, 10.0
    left, right = (
        _stack(rows, source, measure, total, height, gap),
        _stack(rows, target, measure, total, height, gap),
    )
    deepest = max(y + size for places in (left, right) for y, size, _ in places.values())
    parts = [
        f'<svg class="flow" viewBox="0 0 720 {deepest + 10:.0f}" role="img" aria-label="{escape(title)}">'
    ]
    used_left, used_right = dict.fromkeys(left, 0.0), dict.fromkeys(right, 0.0)
    for row in rows:
        size = float(row[measure]) / total * height
        a, b = shown(row[source]), shown(row[target])
        y1, y2 = left[a][0] + used_left[a] + size / 2, right[b][0] + used_right[b] + size / 2
        used_left[a] += size
        used_right[b] += size
        parts.append(
            f'<path class="band" d="M200 {y1:.1f}C360 {y1:.1f} 360 {y2:.1f} 520 {y2:.1f}"'
            f' stroke-width="{max(1.0, size):.1f}">'
            f"<title>{escape(a)} → {escape(b)}: {escape(shown(row[measure]))}</title></path>"
        )
    for places, x, anchor in ((left, 194, "end"), (right, 526, "start")):
        for name, (y, size, amount) in places.items():
            parts.append(
                f'<text class="label" x="{x}" y="{y + size / 2 + 4:.1f}" text-anchor="{anchor}">'
                f"{escape(_short(name, 22))} {escape(_compact(amount))}</text>"
            )
    return "".join((*parts, "</svg>"))


def nothing() -> str:
    """Where there is no data."""
    return '<p class="nothing">No data in this period.</p>'


def _stack(
    rows: Sequence[dict[str, Any]], name: str, measure: str, total: float, height: float, gap: float
) -> dict[str, tuple[float, float, float]]:
    """Name → (y, size, amount), the greatest first."""
    amounts: dict[str, float] = {}
    for row in rows:
        amounts[shown(row[name])] = amounts.get(shown(row[name]), 0.0) + float(row[measure])
    places, y = {}, 6.0
    for label, amount in sorted(amounts.items(), key=lambda pair: -pair[1]):
        size = amount / total * height
        places[label] = (y, size, amount)
        y += max(size, 14.0) + gap
    return places


def _right(yes: bool) -> str:
    return ' class="number"' if yes else ""


def _compact(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _short(text: str, most: int = 28) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _sortable(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float) else (1, str(value))
