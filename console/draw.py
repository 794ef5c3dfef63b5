"""Charts as HTML and SVG, made on the server. Every shown text is escaped; colours come from the style sheet.

No style stands in the markup (the policy forbids it): lengths are attributes of SVG, in per cent of the width.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any, NamedTuple

NONE = "\N{EN DASH}"
MOST_TABLE_ROWS = 100
COLOURS = 6
"""Classes s0, s1 … of the style sheet."""
_SHARES = (
    "share that",
    "share without",
    "share_of",
    "rejected share",
    "late share",
    "bounce rate",
    "abandonment",
    "orders per session",
    "copies per row",
)
"""In names of ratios. A sum of shares, as attribution gives it, is a number of orders."""


class Numbers(NamedTuple):
    """Values as a person reads them, in the way of the language (pt or en)."""

    language: str

    def shown(self, value: Any, name: str = "") -> str:
        """Any value; `name`: of its column, which tells a share from a number."""
        match value:
            case None | "":
                return NONE
            case bool():
                return self._yes(value)
            case int():
                return self._with_marks(f"{value:,}")
            case float() | Decimal():
                return self.share(value) if is_share(name) else self._with_marks(f"{value:,.2f}")
            case datetime():
                text = value.strftime(self._day + " %H:%M").removesuffix(" 00:00")
            case date():
                text = value.strftime(self._day)
            case _:
                text = str(value)
        return text

    def share(self, value: Any) -> str:
        """A part of one, in per cent."""
        return self._with_marks(f"{float(value):.1%}")

    def change(self, value: float) -> str:
        """A growth, with its sign."""
        return self._with_marks(f"{value:+.1%}")

    @property
    def _day(self) -> str:
        return "%d/%m/%Y" if self.language == "pt" else "%Y-%m-%d"

    def _yes(self, value: bool) -> str:
        words = ("sim", "não") if self.language == "pt" else ("yes", "no")
        return words[0] if value else words[1]

    def _with_marks(self, text: str) -> str:
        return text.translate(str.maketrans(",.", ".,")) if self.language == "pt" else text


def is_share(name: str) -> bool:
    """Whether a measure of this name is a part of one."""
    return any(word in name for word in _SHARES)


class Drawing(NamedTuple):
    """Draws answers. `words` translates titles and names of columns."""

    numbers: Numbers
    words: Callable[[str], str] = str

    def bars(
        self,
        rows: Sequence[dict[str, Any]],
        column: str,
        by: str | None,
        measures: Sequence[str],
        title: str,
        most: int = 20,
    ) -> str:
        """A line for each value of the column: a bar for each measure, or one bar cut by the values of `by`.

        Of money that has several currencies a bar for each: these are not added up.
        """
        if not rows:
            return self.nothing()
        if by:
            return self._cut_bars(rows, column, by, measures[0], title, most)
        shown = rows[:most]
        top = max((float(row[name] or 0) for row in shown for name in measures), default=0.0) or 1.0
        lines = []
        for row in shown:
            pieces = [
                _rect(
                    number,
                    0,
                    float(row[name] or 0) / top,
                    y=number * 9,
                    height=8 if len(measures) > 1 else 14,
                )
                for number, name in enumerate(measures)
            ]
            numbers = " · ".join(self.numbers.shown(row[name], name) for name in measures)
            lines.append(
                self._bar(self.numbers.shown(row[column]), pieces, numbers, max(14, 9 * len(measures)))
            )
        legend = [self.words(name.replace("_", " ")) for name in measures] if len(measures) > 1 else []
        return self._bars(lines, legend, title)

    def _cut_bars(
        self, rows: Sequence[dict[str, Any]], column: str, by: str, measure: str, title: str, most: int
    ) -> str:
        kinds = list(dict.fromkeys(self.numbers.shown(row[by]) for row in rows))
        apart = by == "currency"
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in rows:
            label, kind = self.numbers.shown(row[column]), self.numbers.shown(row[by])
            found.setdefault((label, kind if apart else ""), {})[kind] = row[measure] or 0
        totals = {key: sum(values.values()) for key, values in found.items()}
        ordered = sorted(found, key=lambda key: -totals[key])[:most]
        top = float(max((totals[key] for key in ordered), default=0)) or 1.0
        lines = []
        for label, kind in ordered:
            at, pieces = 0.0, []
            for name, value in found[label, kind].items():
                share = float(value) / top
                pieces.append(
                    _rect(kinds.index(name), at, share, title=f"{name}: {self.numbers.shown(value)}")
                )
                at += share
            number = self.numbers.shown(totals[label, kind], measure)
            lines.append(self._bar(label, pieces, f"{kind} {number}" if apart else number, 14))
        return self._bars(lines, kinds if len(kinds) > 1 else [], title)

    def _bar(self, label: str, pieces: Sequence[str], number: str, height: int) -> str:
        return (
            f'<tr><th scope="row" title="{escape(label)}">{escape(label)}</th>'
            f'<td class="track"><svg width="100%" height="{height}" aria-hidden="true">{"".join(pieces)}</svg></td>'
            f'<td class="number">{escape(number)}</td></tr>'
        )

    def _bars(self, lines: Sequence[str], legend: Sequence[str], title: str) -> str:
        body = f"{self._caption(title)}<tbody>{''.join(lines)}</tbody>"
        return f'{self._legend(legend)}<table class="bars">{body}</table>'

    def parts(self, rows: Sequence[dict[str, Any]], column: str, measure: str, title: str) -> str:
        """Parts of a whole: one bar cut into the parts, and a line for each with its share."""
        rows = sorted(rows, key=lambda row: -float(row[measure] or 0))
        total = sum(float(row[measure] or 0) for row in rows)
        if not total:
            return self.nothing()
        at, pieces, lines = 0.0, [], []
        for number, row in enumerate(rows):
            share = 100 * float(row[measure] or 0) / total
            kind = min(number, COLOURS - 1)
            pieces.append(f'<rect class="s{kind}" x="{at:.2f}%" width="{share:.2f}%" height="26"/>')
            at += share
            lines.append(
                f'<tr><th scope="row"><span class="dot s{kind}"></span> {escape(self.numbers.shown(row[column]))}</th>'
                f'<td class="number">{escape(self.numbers.shown(row[measure]))}</td>'
                f'<td class="number">{escape(self.numbers.share(share / 100))}</td></tr>'
            )
        return (
            f'<svg class="whole" width="100%" height="26" aria-hidden="true">{"".join(pieces)}</svg>'
            f"<table>{self._caption(title)}<tbody>{''.join(lines)}</tbody></table>"
        )

    def funnel(self, rows: Sequence[dict[str, Any]], column: str, measure: str, title: str) -> str:
        """Steps from top to bottom, each as wide as its share of the first; and its share of the step before."""
        if not rows or not any(row[measure] for row in rows):
            return self.nothing()
        first = float(rows[0][measure] or 0) or 1.0
        before: float | None = None
        lines = []
        for row in rows:
            value = float(row[measure] or 0)
            width = 100 * value / first
            step = "" if before is None else self.numbers.share(value / before if before else 0)
            lines.append(
                f'<tr><th scope="row">{escape(self.words(self.numbers.shown(row[column])))}</th>'
                f'<td class="track"><svg width="100%" height="30" aria-hidden="true">'
                f'<rect class="s0" x="{(100 - width) / 2:.2f}%" width="{width:.2f}%" height="30" rx="3"/></svg></td>'
                f'<td class="number"><b>{escape(self.numbers.shown(row[measure]))}</b></td>'
                f'<td class="number">{escape(self.numbers.share(value / first))}</td>'
                f'<td class="number quiet">{step and f"↳ {escape(step)}"}</td></tr>'
            )
            before = value
        head = (
            f'<thead><tr><td></td><td></td><th scope="col" class="number">{escape(self.words(measure))}</th>'
            f'<th scope="col" class="number">{escape(self.words("of all"))}</th>'
            f'<th scope="col" class="number">{escape(self.words("of the step before"))}</th></tr></thead>'
        )
        body = f"{self._caption(title)}{head}<tbody>{''.join(lines)}</tbody>"
        return (
            f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}">'
            f'<table class="funnel">{body}</table></div>'
        )

    def heat_map(
        self, rows: Sequence[dict[str, Any]], row: str, column: str, measure: str, title: str
    ) -> str:
        """A cell for each pair, the stronger the greater; the number stands in the cell."""
        if not rows:
            return self.nothing()
        across = sorted({cell[column] for cell in rows}, key=_sortable)
        down = sorted({cell[row] for cell in rows}, key=_sortable)
        values = {(cell[row], cell[column]): cell[measure] for cell in rows}
        # the first column of a cohort is all of it: it would leave the others pale
        seen = [
            float(value or 0) for (_, name), value in values.items() if not (is_share(measure) and name == 0)
        ]
        top = max(seen, default=0.0) or 1.0
        head = "".join(
            f'<th scope="col" class="number">{escape(self.numbers.shown(name))}</th>' for name in across
        )
        lines = []
        for name in down:
            cells = []
            for other in across:
                value = values.get((name, other))
                if value is None:
                    cells.append("<td></td>")
                    continue
                step = min(9, int(float(value) / top * 9.999))
                text = self.numbers.shown(value, measure)
                cells.append(f'<td class="heat{step}">{escape(text)}</td>')
            lines.append(f'<tr><th scope="row">{escape(self.numbers.shown(name))}</th>{"".join(cells)}</tr>')
        corner = f"{self.words(row.replace('_', ' '))} ↓ · {self.words(column.replace('_', ' '))} →"
        return (
            f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}">'
            f'<table class="heat">{self._caption(title)}'
            f'<thead><tr><th scope="col">{escape(corner)}</th>{head}</tr></thead>'
            f"<tbody>{''.join(lines)}</tbody></table></div>"
        )

    def table(self, rows: Sequence[dict[str, Any]], title: str) -> str:
        """A table, numbers to the right."""
        if not rows:
            return self.nothing()
        names = list(rows[0])
        numeric = {
            name for name in names if all(isinstance(row[name], int | float | Decimal | None) for row in rows)
        }
        head = "".join(
            f'<th scope="col"{_right(name in numeric)}>{escape(self.words(name.replace("_", " ")))}</th>'
            for name in names
        )
        lines = "".join(
            "<tr>"
            + "".join(
                f"<td{_right(name in numeric)}{_title(row[name])}>{escape(self.numbers.shown(row[name], name))}</td>"
                for name in names
            )
            + "</tr>"
            for row in rows[:MOST_TABLE_ROWS]
        )
        more = len(rows) - MOST_TABLE_ROWS
        rest = f'<p class="quiet">+{self.numbers.shown(more)}</p>' if more > 0 else ""
        return (
            f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}"><table>{self._caption(title)}'
            f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>{rest}"
        )

    def flow(self, rows: Sequence[dict[str, Any]], source: str, target: str, measure: str, title: str) -> str:
        """How much goes from where to where: sources left, targets right, bands as wide as the measure."""
        rows = [row for row in rows if row[measure]][:24]
        if not rows:
            return self.nothing()
        total = sum(float(row[measure]) for row in rows)
        left, right = self._stack(rows, source, measure, total), self._stack(rows, target, measure, total)
        order = {name: number for number, name in enumerate(left)}
        rows = sorted(rows, key=lambda row: (order[self.numbers.shown(row[source])], -float(row[measure])))
        deepest = max(y + size for spans in (left, right) for y, size, _ in spans.values())
        parts = [
            f'<svg class="flow" viewBox="0 0 720 {deepest + 10:.0f}" role="img" aria-label="{escape(title)}">'
        ]
        used_left, used_right = dict.fromkeys(left, 0.0), dict.fromkeys(right, 0.0)
        for row in rows:
            size = float(row[measure]) / total * _FLOW_HEIGHT
            a, b = self.numbers.shown(row[source]), self.numbers.shown(row[target])
            y1, y2 = left[a][0] + used_left[a] + size / 2, right[b][0] + used_right[b] + size / 2
            used_left[a] += size
            used_right[b] += size
            parts.append(
                f'<path class="band s{order[a] % COLOURS}" d="M222 {y1:.1f}C360 {y1:.1f} 360 {y2:.1f} 498 {y2:.1f}"'
                f' stroke-width="{max(1.0, size):.1f}">'
                f"<title>{escape(a)} → {escape(b)}: {escape(self.numbers.shown(row[measure]))}</title></path>"
            )
        for spans, x, block, anchor in ((left, 206, 212, "end"), (right, 514, 498, "start")):
            for name, (y, size, amount) in spans.items():
                number = self.numbers.shown(int(amount) if amount == int(amount) else amount)
                kind = order.get(name, COLOURS - 1) % COLOURS if spans is left else COLOURS - 1
                parts.append(
                    f'<rect class="s{kind}" x="{block}" y="{y:.1f}" width="10" height="{max(1.0, size):.1f}"/>'
                    f'<text class="label" x="{x}" y="{y + size / 2 + 4:.1f}" text-anchor="{anchor}">'
                    f"{escape(_short(name, 22))} {escape(number)}<title>{escape(name)}</title></text>"
                )
        hidden = self.table(rows, title)
        name = escape(self.words("as a table"))
        return f"{''.join((*parts, '</svg>'))}<details><summary>{name}</summary>{hidden}</details>"

    def nothing(self) -> str:
        """Where there is no data."""
        return f'<p class="nothing">{escape(self.words("No data in this period."))}</p>'

    def _legend(self, names: Sequence[str]) -> str:
        if not names:
            return ""
        marks = "".join(
            f'<li><span class="dot s{number % COLOURS}"></span> {escape(name)}</li>'
            for number, name in enumerate(names)
        )
        return f'<ul class="legend">{marks}</ul>'

    def _caption(self, title: str) -> str:
        return f'<caption class="hidden">{escape(title)}</caption>'

    def _stack(
        self, rows: Sequence[dict[str, Any]], name: str, measure: str, total: float
    ) -> dict[str, tuple[float, float, float]]:
        """Name → (y, size, amount), the greatest first."""
        amounts: dict[str, float] = {}
        for row in rows:
            label = self.numbers.shown(row[name])
            amounts[label] = amounts.get(label, 0.0) + float(row[measure])
        spans, y = {}, 6.0
        for label, amount in sorted(amounts.items(), key=lambda pair: -pair[1]):
            size = amount / total * _FLOW_HEIGHT
            spans[label] = (y, size, amount)
            y += max(size, 12.0) + 8.0
        return spans


_FLOW_HEIGHT = 400.0


def _rect(kind: int, at: float, share: float, *, y: int = 0, height: int = 14, title: str = "") -> str:
    """A piece of a bar: from `at` on, as wide as `share`, both parts of one."""
    text = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="s{kind % COLOURS}" x="{100 * at:.2f}%" width="{100 * max(0.0, share):.2f}%" y="{y}"'
        f' height="{height}" rx="2">{text}</rect>'
    )


def _right(yes: bool) -> str:
    return ' class="number"' if yes else ""


def _title(value: Any) -> str:
    return f' title="{escape(value)}"' if isinstance(value, str) and len(value) > 40 else ""


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _sortable(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float) else (1, str(value))
