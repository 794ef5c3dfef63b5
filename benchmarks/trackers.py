"""Who loses what: this tracker and others in four ways to lose events, the same browser, pages and faults for all.

Needs Chromium and chromedriver, and npm for the others (`benchmarks/tracker_pages/`). Of ten events: how many
arrived with a good answer, and how many came again. The scenarios: `tests/storefront/scenarios.py`.
"""

import argparse
import json
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.storefront.engines import browser, missing
from tests.storefront.node import STOREFRONT, node, npm
from tests.storefront.scenarios import EVENTS, SCENARIOS, Tracker

HELP = "this tracker and others in four ways to lose events"
PAGES = Path(__file__).parent / "tracker_pages"
OTHERS = [
    "plausible",
    "minimal-ga4",
    "snowplow",
    "jitsu",
    "segment",
    "segment-batching",
    "rudderstack",
    "posthog",
]
D8A = "@d8a-tech/web-tracker"
"""In no registry: its file is named with `--d8a`."""
PATIENCE = 20.0
EVENT = re.compile(r"bench_(\d+)_event")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", nargs="*", metavar="NAME", help=f"of rastro, {', '.join(OTHERS)}")
    parser.add_argument("--engine", default="chromium")
    parser.add_argument(
        "--d8a", metavar="FILE", help="d8a's tracker too: js/web-tracker/dist/index.min.mjs of its repository"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Figures `<tracker>_<scenario>` (events that arrived), `<tracker>_<scenario>_copies`, `<tracker>_bytes`."""
    reason = missing(args.engine)
    if reason:
        print(reason, file=sys.stderr)
        return {"skipped": reason}
    names = args.only or ["rastro", *OTHERS]
    if args.d8a:
        names = [*names, "d8a"]
    if set(names) - {"rastro"} and not (PAGES / "node_modules").exists():
        made = npm("ci", cwd=PAGES)
        if made.returncode:
            print(made.stderr, file=sys.stderr)
            names = ["rastro"]
    figures: dict[str, Any] = {}
    print(f"{'tracker':14} {'bytes':>8}  " + "  ".join(f"{name:>12}" for name in SCENARIOS), file=sys.stderr)
    for name in names:
        cells = []
        for scenario in SCENARIOS:
            size, arrived, copies = _one(name, scenario, args.engine, args.d8a)
            figures |= {
                f"{name}_bytes": size,
                f"{name}_{scenario}": arrived,
                f"{name}_{scenario}_copies": copies,
            }
            cells.append(f"{arrived:>3} + {copies} copies")
        print(
            f"{name:14} {figures[f'{name}_bytes']:>8}  " + "  ".join(f"{c:>12}" for c in cells),
            file=sys.stderr,
        )
    if args.engine == "chromium":
        figures |= _main_thread()
    return figures


def _main_thread() -> dict[str, Any]:
    """Script and task time of a page with the tracker and 50 events above one without, ms; its tasks over 50 ms."""
    watch = "<script>window.long=[];new PerformanceObserver(l=>long.push(...l.getEntries()))"
    watch += ".observe({type:'longtask',buffered:true})</script>"
    tag = '<script src="/script.js" data-key="k" data-url="/e"></script>'
    seen = []
    for head in (watch, watch + tag):
        with _tracked_site() as site, browser("chromium") as running:
            site.head = head
            site.script = _ours()[0].read_bytes()
            tab = running.tab()
            driver = running.driver  # type: ignore[attr-defined]  # of this engine alone: its own protocol tells the times
            driver.execute_cdp_cmd("Performance.enable", {})
            tab.open(site.url("/a"))
            tab.run("(() => { for (let n = 0; n < 50; n++) window.rastro?.('speed_event', {n}) })()")
            time.sleep(3)
            metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            seen.append({one["name"]: one["value"] for one in metrics} | {"long": tab.run("long.length")})
    without, with_it = seen
    figures = {
        "rastro_script_ms": round((with_it["ScriptDuration"] - without["ScriptDuration"]) * 1000, 1),
        "rastro_task_ms": round((with_it["TaskDuration"] - without["TaskDuration"]) * 1000, 1),
        "rastro_long_tasks": with_it["long"],
    }
    print(f"main thread, 50 events: {figures}", file=sys.stderr)
    return figures


def _ours() -> tuple[Path, int]:
    """The script of this version, beside which older ones lie, and its size."""
    manifest = json.loads((STOREFRONT / "dist" / "manifest.json").read_text())
    name = f"rastro-{manifest['version']}.js"
    return STOREFRONT / "dist" / name, manifest["files"][name]["gzip"]


def _one(name: str, scenario: str, engine: str, d8a: str | None) -> tuple[int, int, int]:
    """Size of the script, different events of the ten, copies; with a fresh browser."""
    with _tracked_site() as site, tempfile.TemporaryDirectory() as folder, browser(engine) as running:
        if name == "rastro":
            script, size = _ours()
            site.head = f'<script src="/script.js" data-key="k" data-url="{site.base_url}/e"></script>'
            site.head += "<script>window.fire = n => rastro(`bench_${n}_event`)</script>"
        else:
            script = Path(folder) / "script.js"
            elsewhere = [f"{D8A}={Path(d8a).resolve()}"] if name == "d8a" and d8a else []
            made = node("build.mjs", name, site.base_url, str(script), *elsewhere, cwd=PAGES)
            if made.returncode:
                raise RuntimeError(made.stderr)
            size = int(made.stdout)
            site.head = '<script src="/script.js"></script>'
        site.script = script.read_bytes()
        SCENARIOS[scenario](running, site, Tracker(ready="!!window.fire", fire=lambda n: f"fire({n})"))
        wanted = {str(number) for number in range(1, EVENTS + 1)}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not wanted <= set(site.arrived):
            time.sleep(0.2)
        time.sleep(2)  # for copies
        counted = {number: count for number, count in site.arrived.items() if number in wanted}
        return size, len(counted), sum(count - 1 for count in counted.values())


class _TrackedSite:
    """Pages and a collector on one origin; what it answered well counts as arrived."""

    def __init__(self) -> None:
        self.head, self.script, self.base_url = "", b"", ""
        self.fault: str | None = None
        self.arrived: Counter[str] = Counter()

    def url(self, path: str) -> str:
        return self.base_url + path

    def break_down(self, fault: str | None) -> None:
        self.fault = fault


class _Handler(BaseHTTPRequestHandler):
    """Pages, the script, and a collector that takes whatever path and shape a tracker uses."""

    protocol_version = "HTTP/1.1"
    site: _TrackedSite

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/script.js":
            self._answer(200, self.site.script, "text/javascript")
        elif path in {"/a", "/b", "/c"}:
            page = f"<!doctype html><meta charset=utf-8><title>{path}</title>{self.site.head}<h1>{path}</h1>"
            self._answer(200, page.encode(), "text/html")
        else:
            self._take(b"")

    def do_POST(self) -> None:
        self._take(self.rfile.read(int(self.headers.get("content-length", 0))))

    def _take(self, body: bytes) -> None:
        if self.site.fault == "drop":
            self.close_connection = True
            self.connection.close()
            return
        if self.site.fault is None:
            text = unquote(self.path) + unquote(body.decode(errors="replace"))
            self.site.arrived.update(set(EVENT.findall(text)))
        good = 202 if self.path.startswith("/e") else 200
        self._answer(503 if self.site.fault else good, b"{}", "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            return

    def log_message(self, *given: Any) -> None:
        pass


@contextmanager
def _tracked_site() -> Iterator[_TrackedSite]:
    site = _TrackedSite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    server.daemon_threads = True
    site.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
