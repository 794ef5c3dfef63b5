"""The console in a real Chromium: every page at three widths, true figures, nothing that runs, nothing that breaks."""

import base64
import copy
import json
import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.dashboards.catalogue import DASHBOARDS
from console.source import Source
from console.store import Store
from console.tails import Tails
from rastro.synthetic_shop import plan
from tests.analytics import flow
from tests.console.hostile import CORPUS, poison
from tests.console.pages import NOW, SHARD, raw, source
from tests.console.server import serve
from tests.storefront import engines
from tests.storefront.node import npm

pytestmark = pytest.mark.slow
FOLDER = Path(__file__).parent
SIZES = {"phone": (390, 844), "desktop": (1366, 900), "wide": (2560, 1300)}
SEVERE = ("serious", "critical")


@pytest.fixture(scope="module")
def run() -> flow.Flow:
    return flow.run(plan(5, 250, NOW), NOW)


@pytest.fixture(scope="module")
def shop(run: flow.Flow, tmp_path_factory: pytest.TempPathFactory) -> Source:
    made = source(run, tmp_path_factory.mktemp("lake"))
    refused = {"request_id": "Xy1=", "status": 401, "reason": "unknown_key", "route": "/v1/events"}
    made.tails.store.take_answer(refused, NOW)
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    reason = engines.missing("chromium")
    if reason:
        pytest.skip(reason)
    with engines.browser("chromium") as made:
        yield made


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker's script, as the lock file names it."""
    script = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        made = npm("ci", "--ignore-scripts", cwd=FOLDER)
        assert made.returncode == 0, made.stderr
    return script.read_text(encoding="utf-8")


def size(browser: Any, name: str, theme: str = "light") -> None:
    width, height = SIZES[name]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": name == "phone"}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def until(tab: Any, expression: str, wanted: Callable[[Any], bool] = bool, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        found = tab.run(expression)
        if wanted(found):
            return found
        assert time.monotonic() < deadline, (expression, found)
        time.sleep(0.1)


def page_paths(run: flow.Flow) -> list[str]:
    bought = next(row for row in run.rows if row["event_name"] == "purchase")
    refused = run.rejected[0]["event_id"]
    return [
        "/live", "/trace", f"/trace?id={bought['event_id']}", f"/trace?id={refused}", "/trace?id=Xy1%3D",
        f"/trace?id={bought['visitor_id']}", "/sessions", f"/sessions?visitor={bought['visitor_id']}", "/refusals",
        "/dashboards", "/health", *(f"/dashboards/{dashboard.name}" for dashboard in DASHBOARDS),
    ]  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_every_page_fits_and_complains_of_nothing(shop: Source, run: flow.Flow, chromium: Any, name: str):
    size(chromium, name)
    tab = chromium.tab()
    with serve(shop) as url:
        for path in page_paths(run):
            tab.open(url + path)
            if path == "/live":
                until(tab, "document.querySelectorAll('#rows tbody tr').length")
            room = tab.run("[document.documentElement.scrollWidth, innerWidth]")
            assert room[0] <= room[1], (path, room)
            assert tab.run(
                "performance.getEntriesByType('resource').every(e => e.name.startsWith(location.origin))"
            )
            said = [line for line in chromium.driver.get_log("browser") if line["level"] == "SEVERE"]
            assert not said, (path, said)
    chromium.close_tabs()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(shop: Source, run: flow.Flow, chromium: Any, axe: str, theme: str):
    size(chromium, "desktop" if theme == "light" else "phone", theme)
    tab = chromium.tab()
    with serve(shop) as url:
        for path in page_paths(run):
            tab.open(url + path)
            if path == "/live":
                until(tab, "document.querySelectorAll('#rows tbody tr').length")
            chromium.driver.execute_script(axe)  # the driver's scripts stand outside the page's policy
            found = tab.run("axe.run().then(result => result.violations)")
            serious = [
                (one["id"], one["impact"], one["nodes"][0]["html"][:200])
                for one in found
                if one["impact"] in SEVERE
            ]
            assert not serious, (path, serious)
    chromium.close_tabs()


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", text))


def test_figures_on_the_page_are_those_of_sql(shop: Source, chromium: Any):
    size(chromium, "desktop")
    tab = chromium.tab()
    with serve(shop) as url:
        tab.open(f"{url}/dashboards/overview?from=2026-11-01&to=2026-11-21")
        shown = dict(
            tab.run(
                "[...document.querySelectorAll('.tile')].map(t => [t.querySelector('span').textContent,"
                " t.querySelector('.kpi').textContent])"
            )
        )
        (wanted,) = shop.lake.rows(
            "SELECT sum(orders) AS orders, count(*) AS sessions, count(DISTINCT visitor_id) AS visitors FROM sessions"
            " WHERE NOT is_bot AND session_date BETWEEN DATE '2026-11-01' AND DATE '2026-11-21'"
        )
        assert [number(shown[name]) for name in ("Orders", "Sessions", "Visitors")] == list(wanted.values())
        share = Decimal(wanted["orders"]) / wanted["sessions"] * 100
        assert abs(number(shown["Orders per session"]) - share) <= Decimal("0.05")

        rows = tab.run(
            "[...document.querySelectorAll('section.Table tbody tr')].map(r => [...r.children].map(c => c.textContent))"
        )
        exact = shop.lake.rows(
            "SELECT currency, sum(revenue) AS revenue, sum(orders) AS orders FROM revenue"
            " WHERE order_date BETWEEN DATE '2026-11-01' AND DATE '2026-11-21' GROUP BY 1 ORDER BY 2 DESC"
        )
        assert rows
        cent = Decimal("0.01")
        assert [(row[0], number(row[1]), number(row[4])) for row in rows] == [
            (row["currency"], Decimal(row["revenue"]).quantize(cent), row["orders"]) for row in exact
        ]
    chromium.close_tabs()


def test_live_counts_what_the_store_has(shop: Source, run: flow.Flow, chromium: Any):
    size(chromium, "desktop")
    tab = chromium.tab()
    with serve(shop) as url:
        tab.open(f"{url}/live")
        until(tab, "document.querySelectorAll('#rows tbody tr').length")
        events = [row for row in run.rows if row["event_name"] != "session_merge"]
        assert int(tab.run("document.getElementById('total-enriched').textContent")) == len(events)
        assert int(tab.run("document.getElementById('total-rejected').textContent")) == len(run.rejected)
        sold = {}
        for row in events:
            if (
                row["event_name"] == "purchase"
                and not row.get("is_bot")
                and row["event_date"] == "2026-11-21"
            ):
                sold[row["event_id"]] = Decimal(str(row["value"]))
        assert number(tab.run("document.getElementById('money').textContent")) == sum(sold.values())
    chromium.close_tabs()


def test_a_filter_a_pause_and_the_keyboard(shop: Source, chromium: Any):
    size(chromium, "desktop")
    tab = chromium.tab()
    shown = "[...document.querySelectorAll('#rows tbody tr')].map(r => r.textContent)"
    with serve(shop) as url:
        tab.open(f"{url}/live")
        until(tab, f"{shown}.length")
        chromium.driver.find_element("css selector", "#filter").send_keys("unknown_key")
        found = until(tab, shown, lambda rows: len(rows) < 10)
        assert found
        assert all("unknown_key" in row for row in found)
        chromium.driver.find_element("css selector", "#filter").clear()
        pause = chromium.driver.find_element("css selector", "#pause")
        pause.send_keys("\n")
        assert pause.get_attribute("aria-pressed") == "true"
        before = tab.run(f"{shown}.length")
        event = {"event_id": "33333333-1111-4111-8111-111111111111", "event": "while_paused"}
        with shop.tails.lock:
            shop.tails.store.take_raw(SHARD, "p1", NOW, raw(event))
        time.sleep(2.2)
        assert tab.run(f"{shown}.length") == before
        assert tab.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
    chromium.close_tabs()


def test_a_visual_as_png(shop: Source, chromium: Any):
    """Of a line chart, of bars and of a table: a picture with more than one colour."""
    size(chromium, "desktop")
    tab = chromium.tab()
    with serve(shop) as url:
        tab.open(f"{url}/dashboards/overview")
        for kind in ("LineChart", "BarChart", "Table"):
            found = tab.run(
                "import('/static/picture.js').then(async ({ picture }) => {"
                f"const canvas = await picture(document.querySelector('section.{kind}'));"
                "const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
                "const colours = new Set(); for (let i = 0; i < data.length; i += 4)"
                " colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);"
                "return { colours: colours.size, url: canvas.toDataURL('image/png') }; })"
            )
            assert found["colours"] > 20, kind
            assert base64.b64decode(found["url"].partition(",")[2])[:4] == b"\x89PNG"
    chromium.close_tabs()


def test_a_single_day_is_a_point(shop: Source, run: flow.Flow, chromium: Any):
    """One day has no line to draw; it was an empty picture with seconds below."""
    size(chromium, "desktop")
    tab = chromium.tab()
    day = f"{max(row['event_date'] for row in run.rows)}"[:10]
    with serve(shop) as url:
        tab.open(f"{url}/dashboards/overview?from={day}&to={day}")
        until(tab, "document.querySelector('.plot canvas') && 1")
        seen = tab.run(
            "[...document.querySelectorAll('.plot')].map(box => { const canvas = box.querySelector('canvas');"
            "const probe = document.createElement('canvas').getContext('2d');"
            "probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--s0').trim();"
            "probe.fillRect(0, 0, 1, 1); const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;"
            "const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
            "let found = 0; for (let i = 0; i < data.length; i += 4)"
            " found += data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255;"
            "return [JSON.parse(box.dataset.plot).times.length, found,"
            " box.querySelector('.u-legend .u-series').textContent]; })"
        )
        assert [length for length, _, _ in seen] == [1] * len(seen)
        assert all(found > 3 and label.startswith("Day") for _, found, label in seen), seen
    chromium.close_tabs()


def test_hostile_texts_do_not_run(run: flow.Flow, chromium: Any, tmp_path: Path):
    size(chromium, "desktop")
    tab = chromium.tab()
    ran = "document.documentElement.dataset.ran ?? null"
    tab.open(f"data:text/html,{CORPUS[1]}")
    until(tab, ran), "the corpus would run where it could"

    rows, rejected = copy.deepcopy(run.rows), copy.deepcopy(run.rejected)
    keep = {"event_id", "visitor_id", "session_id", "site", "received_at", "event_at", "event_date"}
    columns = frozenset(keep | {"session_started_at", "event_name", "value", "currency", "raw_sequence"})
    bought = next(row for row in rows if row["event_name"] == "purchase")
    poison(rows, columns)
    poison(rejected, frozenset({"rejected_at", "event_id", "reason"}))
    for number_, row in enumerate(rows):
        if row is not bought and number_ % 5 == 0:
            row["visitor_id"] = CORPUS[number_ // 5 % len(CORPUS)]
    hostile = source(flow.Flow({}, [], rows, rejected), tmp_path)
    for number_, text in enumerate(CORPUS):
        event = {
            "event_id": text,
            "event": text,
            "user_id": text,
            "page": {"url": text},
            "properties": {text: text},
        }
        hostile.tails.store.take_raw(text, f"x{number_}", NOW, raw(event) | {"user_agent": text})
        line = {"request_id": text + "r", "reason": text, "route": text, "status": 400, "event_ids": [text]}
        hostile.tails.store.take_answer(line, NOW)
        hostile.tails.errors[text] = text
    quoted = [f"/trace?id={_quoted(text)}" for text in CORPUS]
    quoted += [f"/sessions?visitor={_quoted(text)}" for text in CORPUS]
    quoted += [f"/dashboards/overview?site={_quoted(text)}&from={_quoted(text)}" for text in CORPUS[:4]]
    with serve(hostile) as url:
        for path in [*page_paths(run), *quoted]:
            tab.open(url + path)
            if path == "/live":
                until(tab, "document.querySelectorAll('#rows tbody tr').length")
            assert tab.run(ran) is None, path
            # nor is anything markup, which the policy alone would have kept from running
            planted = "script:not([src]), iframe, style, math, [onerror], [onload], [onfocus], [ontoggle]"
            assert tab.run(f"[...document.querySelectorAll('{planted}')].map(n => n.outerHTML)") == [], path
            links = tab.run("[...document.links].map(a => a.protocol)")
            assert "javascript:" not in links, path
    chromium.close_tabs()


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def test_a_connection_that_breaks_comes_back(shop: Source, chromium: Any):
    size(chromium, "desktop")
    tab = chromium.tab()
    with serve(shop) as url:
        port = int(url.rpartition(":")[2])
        tab.open(f"{url}/live")
        until(tab, "document.getElementById('link').textContent", lambda text: text == "connected")
    until(tab, "document.getElementById('link').classList.contains('off')")
    fresh = Tails(Store())  # the stack was started anew: nothing is known, and numbers begin again
    with serve(shop._replace(tails=fresh), port):
        until(tab, "document.getElementById('link').textContent", lambda text: text == "connected")
        event = {"event_id": "44444444-1111-4111-8111-111111111111", "event": "after_restart"}
        with fresh.lock:
            fresh.store.take_raw(SHARD, "1", NOW, raw(event))
        until(tab, "document.querySelector('#rows tbody').textContent.includes('after_restart')")
    chromium.close_tabs()


def test_one_click_replays(shop: Source, chromium: Any):
    size(chromium, "desktop")
    tab = chromium.tab()
    asked: list[bool] = []

    def recover(reason: str, first: int, last: int, dry: bool) -> str:
        asked.append(dry)
        return f"{reason}: 3 found"

    with serve(shop._replace(recover=recover)) as url:
        tab.open(f"{url}/refusals")
        for wanted in ([True], [True, False]):
            name = "look" if wanted[-1] else "recover"
            chromium.driver.find_element("css selector", f"button[value={name}]").click()
            until(tab, "document.querySelector('[role=status] pre')?.textContent ?? ''")
            assert asked == wanted
    chromium.close_tabs()


def test_an_empty_lake(chromium: Any, tmp_path: Path):
    size(chromium, "phone")
    tab = chromium.tab()
    empty = source(flow.Flow({}, [], [], []), tmp_path)
    with serve(empty._replace(try_it="curl -i http://127.0.0.1/v1/events")) as url:
        paths = ["/live", "/trace", "/trace?id=x", "/sessions", "/sessions?visitor=x", "/refusals", "/health"]
        for path in [*paths, *(f"/dashboards/{dashboard.name}" for dashboard in DASHBOARDS)]:
            tab.open(url + path)
            text = tab.run("document.body.innerText")
            assert "Error" not in text, (path, text)
            assert tab.run("performance.getEntriesByType('navigation')[0].responseStatus") == 200, path
        tab.open(f"{url}/live")
        assert "curl -i" in tab.run("document.body.innerText")
    chromium.close_tabs()


def test_first_load_in_the_browser(shop: Source, chromium: Any):
    size(chromium, "desktop")
    tab = chromium.tab()
    most = {}
    with serve(shop) as url:
        for path in ("/live", "/dashboards/overview"):
            chromium.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
            tab.open(url + path)
            until(tab, "document.querySelector('canvas') && 1")
            most[path] = tab.run(
                "[...performance.getEntriesByType('resource'), performance.getEntriesByType('navigation')[0]]"
                ".filter(e => !e.name.endsWith('/stream')).reduce((sum, e) => sum + e.transferSize, 0)"
            )
    assert all(0 < size_ <= 100_000 for size_ in most.values()), json.dumps(most)
    chromium.close_tabs()
