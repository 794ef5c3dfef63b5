"""Dollars for a million events against the rate, as an SVG: both axes logarithmic, a line for each region."""

import math
from collections.abc import Iterator
from typing import Any

from infra.costs.load import Load
from infra.costs.model import bill
from infra.environments.settings import Environment

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 360, 60, 50
_RATES = (0.1, 10_000.0)
_DOLLARS = (0.1, 100.0)
_COLOURS = {"us-east-1": "#2b6cb0", "sa-east-1": "#c05621"}


def svg(environment: Environment, prices: dict[str, Any], per_request: float) -> str:
    """The picture as text."""
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12"'
    title = "dollars for a million events, everything included, against requests a second"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20">{environment.name}: {title} of {per_request:g} events</text>',
        *_grid(),
    ]
    for number, (region, colour) in enumerate(_COLOURS.items()):
        points = " ".join(
            f"{_x(rate):.1f},{_y(bill(environment, Load(rate, per_request), prices[region]).per_million):.1f}"
            for rate in _steps()
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{_WIDTH - 110}" y="{50 + 18 * number}" fill="{colour}">{region}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _steps() -> Iterator[float]:
    low, high = (math.log10(rate) for rate in _RATES)
    return (10 ** (low + (high - low) * step / 40) for step in range(41))


def _x(rate: float) -> float:
    low, high = (math.log10(limit) for limit in _RATES)
    return _LEFT + (math.log10(rate) - low) / (high - low) * (_WIDTH - _LEFT - 20)


def _y(dollars: float) -> float:
    low, high = (math.log10(limit) for limit in _DOLLARS)
    share = (math.log10(min(max(dollars, _DOLLARS[0]), _DOLLARS[1])) - low) / (high - low)
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - 40)


def _grid() -> Iterator[str]:
    for rate in (0.1, 1, 10, 100, 1_000, 10_000):
        at = f"{_x(rate):.1f}"
        yield f'<line x1="{at}" y1="40" x2="{at}" y2="{_HEIGHT - _BOTTOM}" stroke="#ddd"/>'
        yield f'<text x="{at}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{rate:g}</text>'
    for dollars in (0.1, 1, 10, 100):
        at = f"{_y(dollars):.1f}"
        yield f'<line x1="{_LEFT}" y1="{at}" x2="{_WIDTH - 20}" y2="{at}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{at}" text-anchor="end" dominant-baseline="middle">{dollars:g}</text>'
