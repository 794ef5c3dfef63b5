"""Dashboards: those of QuickSight, from the same catalogue, over the lake. The URL holds all that was chosen."""

import contextlib
import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
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
from console.draw import Drawing, Numbers
from console.page import Page
from console.questions import Period, Question, question
from console.source import Source

MOST_CHOICES = 60
AT_ONCE = 4
MOST_LINES = 8
RUN = "run"
_BY_NAME = {dashboard.name: dashboard for dashboard in DASHBOARDS}


class Chosen(NamedTuple):
    """What the URL says. `period`: None where the dashboard has no dates. `compare`: lines of the period before."""

    period: Period | None
    filters: dict[str, str]
    compare: bool = False


def routes(page: Page) -> list[Route]:
    async def all_of_them(request: Request) -> Response:
        return await page.render(request, "dashboards.html", dashboards=DASHBOARDS)

    async def one(request: Request) -> Response:
        dashboard = _BY_NAME.get(request.path_params["name"])
        if dashboard is None:
            return PlainTextResponse("rastro console: there is no such dashboard\n", status_code=404)
        chosen = chosen_of(dashboard, dict(request.query_params), page.source.clock())
        price = "" if page.source.price is None else await run_in_threadpool(page.source.price, chosen.period)
        asked = not price or request.query_params.get(RUN) == "1"
        words = page.words(request)
        drawing = Drawing(Numbers(page.language(request)), words)
        drawn = await run_in_threadpool(draw_all, page.source, dashboard, chosen, drawing) if asked else []
        choices = await run_in_threadpool(choices_of, page.source, dashboard) if asked else {}
        return await page.render(
            request,
            "dashboard.html",
            dashboard=dashboard,
            dashboards=DASHBOARDS,
            chosen=chosen,
            visuals=drawn,
            choices=choices,
            price=price,
            asked=asked,
            queries=len(dashboard.visuals) + len(dashboard.filter_controls),
            spans=spans(page.source.clock()) if chosen.period else [],
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
    """What the query of the URL chooses; nonsense counts as nothing chosen."""
    filters = {
        control.column: query[control.column]
        for control in dashboard.filter_controls
        if query.get(control.column)
    }
    compare = query.get("compare") == "1"
    if dashboard.days is None:
        return Chosen(None, filters)
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    last = _date(query.get("to")) or today
    first = _date(query.get("from")) or last - timedelta(days=dashboard.days - 1)
    return Chosen(Period(min(first, last), max(first, last)), filters, compare)


def spans(now: int) -> list[tuple[str, date, date]]:
    """Periods that one click chooses: name, first day, last day."""
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    days = (("today", 1), ("7 days", 7), ("30 days", 30), ("90 days", 90))
    return [(name, today - timedelta(days=number - 1), today) for name, number in days]


def draw_all(source: Source, dashboard: Dashboard, chosen: Chosen, drawing: Drawing) -> list[dict[str, Any]]:
    """Each visual as HTML with its title; a question that fails costs its own visual."""
    draw = partial(_drawn, source, chosen, drawing)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(draw, range(len(dashboard.visuals)), dashboard.visuals))


def _drawn(source: Source, chosen: Chosen, drawing: Drawing, number: int, visual: Visual) -> dict[str, Any]:
    failed = False
    try:
        html = _draw(source, visual, chosen, drawing)
    except Exception as error:  # noqa: BLE001 - the other visuals are of use
        failed = True
        html = f'<p class="trouble">{escape(type(error).__name__)}: {escape(str(error)[:300])}</p>'
    kind = type(visual).__name__
    return {
        "title": drawing.words(visual.title),
        "html": html,
        "number": number,
        "kind": kind,
        "failed": failed,
    }


def _draw(source: Source, visual: Visual, chosen: Chosen, drawing: Drawing) -> str:
    asked = question(visual, DATA_SETS[visual.data], chosen.period, chosen.filters)
    rows = source.lake.answer(asked)
    title, measure = drawing.words(visual.title), asked.measures[-1]
    dated = chosen.period is not None and DATA_SETS[visual.data].when is not None
    match visual:
        case Kpi():
            html = _number(rows, _before(source, visual, chosen) if dated else [], measure, drawing)
        case LineChart():
            compared = dated and chosen.compare and not visual.by
            earlier = _before(source, visual, chosen) if compared else []
            html = _lines(rows, earlier, visual, chosen, drawing)
        case BarChart():
            html = drawing.bars(rows, visual.column, visual.by, asked.measures, title, visual.most)
        case PieChart():
            html = drawing.parts(rows, visual.column, measure, title)
        case FunnelChart():
            html = drawing.funnel(rows, visual.column, measure, title)
        case HeatMap():
            html = drawing.heat_map(rows, visual.row, visual.column, measure, title)
        case Sankey():
            html = drawing.flow(rows, visual.source, visual.target, measure, title)
        case _:
            html = drawing.table(rows, title)
    return html


def _rows(source: Source, visual: Visual, chosen: Chosen) -> list[dict[str, Any]]:
    asked = question(visual, DATA_SETS[visual.data], chosen.period, chosen.filters)
    return source.lake.answer(asked)


def _before(source: Source, visual: Visual, chosen: Chosen) -> list[dict[str, Any]]:
    """The same of the period before."""
    return _rows(source, visual, chosen._replace(period=chosen.period.before if chosen.period else None))


def _number(rows: list[dict[str, Any]], before: list[dict[str, Any]], name: str, drawing: Drawing) -> str:
    numbers = drawing.numbers
    value = next(iter(rows[0].values())) if rows else None
    text = f'<p class="kpi">{escape(numbers.shown(value, name))}</p>'
    earlier = next(iter(before[0].values())) if before else None
    if value is None or not earlier:
        return f'{text}<p class="change">{escape(drawing.words("nothing before"))}</p>' if before else text
    change = (float(value) - float(earlier)) / float(earlier)
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    words = f"{arrow} {numbers.change(change)} · {drawing.words('before')} {numbers.shown(earlier, name)}"
    return f'{text}<p class="change">{escape(words)}</p>'


def _lines(
    rows: list[dict[str, Any]],
    before: list[dict[str, Any]],
    visual: LineChart,
    chosen: Chosen,
    drawing: Drawing,
) -> str:
    """Data for uPlot, and the same as a table for those who do not see the picture."""
    if not rows and not before:
        return drawing.nothing()
    when = next(iter((rows or before)[0]))
    series = _series(rows, when, visual, drawing)
    if before and chosen.period is not None:
        shift = chosen.period.first - chosen.period.before.first
        moved = [row | {when: row[when] + shift} for row in before]
        earlier = _series(moved, when, visual, drawing)
        series |= {f"{name} · {drawing.words('before')}": values for name, values in earlier.items()}
    times = _times(series, chosen, visual)
    top = sorted(series, key=lambda name: -sum(float(value or 0) for value in series[name].values()))
    document = {
        "by_day": visual.grain == "DAY",
        "times": [int(moment.replace(tzinfo=UTC).timestamp()) for moment in times],
        "series": {name: [_plain(series[name].get(moment)) for moment in times] for name in top[:MOST_LINES]},
    }
    data, title = escape(json.dumps(document)), drawing.words(visual.title)
    hidden = drawing.table(rows, title)
    return (
        f'<div class="plot" role="img" aria-label="{escape(title)}" data-plot="{data}"></div>'
        f"<details><summary>{escape(drawing.words('as a table'))}</summary>{hidden}</details>"
    )


def _series(
    rows: list[dict[str, Any]], when: str, visual: LineChart, drawing: Drawing
) -> dict[str, dict[datetime, Any]]:
    found: dict[str, dict[datetime, Any]] = {}
    for row in rows:
        for measure in list(row)[2 if visual.by else 1 :]:
            name = (
                drawing.numbers.shown(row[visual.by])
                if visual.by
                else drawing.words(measure.replace("_", " "))
            )
            found.setdefault(name, {})[row[when]] = row[measure]
    return found


def _times(series: dict[str, dict[datetime, Any]], chosen: Chosen, visual: LineChart) -> list[datetime]:
    """The moments of the axis: of days all between the first and the last, so that a gap is a gap."""
    moments = sorted({moment for values in series.values() for moment in values})
    if visual.grain != "DAY" or chosen.period is None or not moments:
        return moments
    days = (moments[-1] - moments[0]).days
    return [moments[0] + timedelta(days=number) for number in range(days + 1)]


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)


def choices_of(source: Source, dashboard: Dashboard) -> dict[str, list[str]]:
    """The values that each filter offers: those of the first data set that has the column."""
    found: dict[str, list[str]] = {}
    for control in dashboard.filter_controls:
        data = next((name for name in dashboard.data if control.column in DATA_SETS[name].columns), None)
        if data is None:
            continue
        with contextlib.suppress(Exception):  # the visuals say what is wrong with the lake
            found[control.column] = _choices(source, control.column, data)
    return found


def _choices(source: Source, column: str, data: str) -> list[str]:
    select = f'SELECT "{column}" AS choice, count(*) AS n FROM data GROUP BY 1 ORDER BY 2 DESC LIMIT {MOST_CHOICES}'  # noqa: S608 - names of the catalogue
    rows = source.lake.answer(
        Question(DATA_SETS[data].sql, select, DATA_SETS[data].live, ("choice",), ("n",))
    )
    return [str(row["choice"]) for row in rows if row["choice"] is not None]


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
