"""Dashboards: those of QuickSight, from the same catalogue, over the lake. An address says all that was chosen."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from analytics.dashboards.catalogue import DASHBOARDS
from analytics.dashboards.data_sets import DATA_SETS
from analytics.dashboards.model import (
    BarChart,
    Dashboard,
    FunnelChart,
    HeatMap,
    Kpi,
    LineChart,
    PieChart,
    Sankey,
    Visual,
)
from console import draw
from console.page import Page
from console.questions import Period, question
from console.source import Source

MOST_CHOICES = 60
_BY_NAME = {dashboard.name: dashboard for dashboard in DASHBOARDS}


class Chosen(NamedTuple):
    """What the address says. `period`: None where the dashboard has no dates."""

    period: Period | None
    filters: dict[str, str]


def routes(page: Page) -> list[Route]:
    async def all_of_them(request: Request) -> Response:
        return await page.render(request, "dashboards.html", dashboards=DASHBOARDS)

    async def one(request: Request) -> Response:
        dashboard = _BY_NAME.get(request.path_params["name"])
        if dashboard is None:
            return PlainTextResponse("rastro console: there is no such dashboard\n", status_code=404)
        chosen = chosen_of(dashboard, dict(request.query_params), page.source.clock())
        visuals = await run_in_threadpool(draw_all, page.source, dashboard, chosen)
        choices = await run_in_threadpool(choices_of, page.source, dashboard)
        return await page.render(
            request,
            "dashboard.html",
            dashboard=dashboard,
            chosen=chosen,
            visuals=visuals,
            choices=choices,
            query=str(request.query_params),
        )

    async def download(request: Request) -> Response:
        dashboard = _BY_NAME.get(request.path_params["name"])
        number = int(request.path_params["number"])
        if dashboard is None or number >= len(dashboard.visuals):
            return PlainTextResponse("rastro console: there is no such visual\n", status_code=404)
        chosen = chosen_of(dashboard, dict(request.query_params), page.source.clock())
        rows = await run_in_threadpool(_rows, page.source, dashboard.visuals[number], chosen)
        headers = {"Content-Disposition": f'attachment; filename="{dashboard.name}-{number}.csv"'}
        return Response(as_csv(rows), media_type="text/csv", headers=headers)

    return [
        Route("/dashboards", all_of_them),
        Route("/dashboards/{name}", one),
        Route("/dashboards/{name}/{number:int}.csv", download),
    ]


def chosen_of(dashboard: Dashboard, query: dict[str, str], now: int) -> Chosen:
    """What the query of the address chooses; nonsense counts as nothing chosen."""
    filters = {
        control.column: query[control.column]
        for control in dashboard.filter_controls
        if query.get(control.column)
    }
    if dashboard.days is None:
        return Chosen(None, filters)
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    last = _date(query.get("to")) or today
    first = _date(query.get("from")) or last - timedelta(days=dashboard.days - 1)
    return Chosen(Period(min(first, last), max(first, last)), filters)


def draw_all(source: Source, dashboard: Dashboard, chosen: Chosen) -> list[dict[str, Any]]:
    """Each visual as HTML with its title; a question that fails costs its own visual."""
    found = []
    for number, visual in enumerate(dashboard.visuals):
        try:
            html = _draw(source, visual, chosen)
        except Exception as error:  # noqa: BLE001 - the other visuals are of use
            html = f'<p class="nothing">{escape(type(error).__name__)}: {escape(str(error)[:300])}</p>'
        found.append({"title": visual.title, "html": html, "number": number, "kind": type(visual).__name__})
    return found


def _draw(source: Source, visual: Visual, chosen: Chosen) -> str:
    rows = _rows(source, visual, chosen)
    measure = list(rows[0])[-1] if rows else ""
    match visual:
        case Kpi():
            before = None
            if chosen.period is not None and DATA_SETS[visual.data].when:
                before = _rows(source, visual, chosen._replace(period=chosen.period.before))
            html = _number(rows, before)
        case LineChart():
            html = _lines(rows, visual)
        case BarChart():
            labels = [visual.column, *([visual.by] if visual.by else [])]
            first = list(rows[0])[len(labels)] if rows else ""
            html = draw.bars(rows[: visual.most], labels, first, visual.title)
        case PieChart() | FunnelChart():
            html = draw.bars(rows, [visual.column], measure, visual.title)
        case HeatMap():
            html = draw.heat_map(rows, visual.row, visual.column, measure, visual.title)
        case Sankey():
            html = draw.flow(rows, visual.source, visual.target, measure, visual.title)
        case _:
            html = draw.table(rows, visual.title)
    return html


def _rows(source: Source, visual: Visual, chosen: Chosen) -> list[dict[str, Any]]:
    asked = question(visual, DATA_SETS[visual.data], chosen.period, chosen.filters)
    return source.lake.rows(asked.sql)


def _number(rows: list[dict[str, Any]], before: list[dict[str, Any]] | None) -> str:
    value = next(iter(rows[0].values())) if rows else None
    text = f'<p class="kpi">{escape(draw.shown(value))}</p>'
    earlier = next(iter(before[0].values())) if before else None
    if value is None or not earlier:
        return text
    change = (float(value) - float(earlier)) / float(earlier)
    return f'{text}<p class="change">{change:+.1%} · {escape(draw.shown(earlier))}</p>'


def _lines(rows: list[dict[str, Any]], visual: LineChart) -> str:
    """Data for uPlot, and the same as a table for those who do not see the picture."""
    if not rows:
        return draw.nothing()
    when = next(iter(rows[0]))
    times = sorted({row[when] for row in rows})
    series: dict[str, dict[Any, Any]] = {}
    for row in rows:
        measures = list(row)[2 if visual.by else 1 :]
        for measure in measures:
            name = draw.shown(row[visual.by]) if visual.by else measure.replace("_", " ")
            series.setdefault(name, {})[row[when]] = row[measure]
    top = sorted(series, key=lambda name: -sum(float(value or 0) for value in series[name].values()))[:8]
    document = {
        "times": [int(moment.replace(tzinfo=UTC).timestamp()) for moment in times],
        "series": {name: [_plain(series[name].get(moment)) for moment in times] for name in top},
    }
    data = escape(json.dumps(document))
    hidden = draw.table(rows, visual.title)
    return f'<div class="plot" data-plot="{data}"></div><details><summary>≡</summary>{hidden}</details>'


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)


def choices_of(source: Source, dashboard: Dashboard) -> dict[str, list[str]]:
    """The values that each filter offers: those of the first data set that has the column."""
    found: dict[str, list[str]] = {}
    for control in dashboard.filter_controls:
        data = next((name for name in dashboard.data if control.column in DATA_SETS[name].columns), None)
        if data is None:
            continue
        rows = source.lake.rows(
            f'SELECT "{control.column}" AS choice, count(*) AS n FROM ({DATA_SETS[data].sql}) GROUP BY 1'  # noqa: S608 - names of the catalogue
            f" ORDER BY 2 DESC LIMIT {MOST_CHOICES}"
        )
        found[control.column] = [str(row["choice"]) for row in rows if row["choice"] is not None]
    return found


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV, dates in ISO 8601. A text that a spreadsheet would run as a formula gets an apostrophe."""
    if not rows:
        return ""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(rows[0])
    writer.writerows([_safe(value) for value in row.values()] for row in rows)
    return file.getvalue()


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
