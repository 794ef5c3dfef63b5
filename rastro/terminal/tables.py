"""Tables for a terminal."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from analytics import REPORTS, report
from analytics.duckdb_lake import Lake

TITLES = {
    "channels": "Sessions per channel",
    "revenue": "Revenue per currency and channel",
    "funnel": "Funnel",
    "top_products": "Top products",
    "client_sessions": "Sessions as clients count them",
}


def reports(lake: Lake) -> str:
    """The reports of `analytics/reports/` on a lake, as text."""
    parts = []
    for name in REPORTS:
        parts.append(TITLES[name])
        parts.append(table(lake.rows(report(name).sql)))
    return "\n".join(parts)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows with the same keys as aligned columns: numbers to the right, texts to the left."""
    if not rows:
        return "  (no rows)\n"
    names = list(rows[0])
    numeric = {name for name in names if all(isinstance(row[name], int | float | Decimal) for row in rows)}
    cells = [names] + [[_cell(row[name]) for name in names] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    lines = []
    for line in cells:
        padded = [
            text.rjust(width) if name in numeric else text.ljust(width)
            for name, text, width in zip(names, line, widths, strict=True)
        ]
        lines.append("  " + "  ".join(padded).rstrip())
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float | Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
