"""The console over a lake of 1,000,000 rows in a real Chromium: every dashboard is shown, with the figures of SQL.
Part of `make soak`."""

import os
import time
import urllib.request
from pathlib import Path

import duckdb
import pytest

from analytics.dashboards.catalogue import DASHBOARDS
from analytics.duckdb_lake import Lake
from console.source import Source
from console.store import Store
from console.tails import Tails
from rastro.synthetic_shop import plan
from tests.analytics import flow
from tests.console.pages import NOW, FileLake
from tests.console.server import serve
from tests.storefront import engines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("RASTRO_SOAK"), reason="long: RASTRO_SOAK=1"),
    pytest.mark.skipif(bool(engines.missing("chromium")), reason=engines.missing("chromium") or ""),
]
ROWS = 1_000_000
MOST_SECONDS = 600.0
"""Of one page: it guards against hours, not against a busy machine."""


def test_every_dashboard_over_a_million_rows(tmp_path: Path):
    run = flow.run(plan(5, 2_000, NOW), NOW)
    small = [str(file) for file in flow.write_parquet(run.rows, tmp_path / "small")]
    times = ROWS // len(run.rows) + 1
    big = tmp_path / "big" / "dt=2026-11-21" / "hour=21" / "part.parquet"
    big.parent.mkdir(parents=True)
    with duckdb.connect() as database:
        database.execute(
            "COPY (SELECT r.* EXCLUDE (dt, hour) REPLACE (md5(event_id || k) AS event_id,"
            " visitor_id || k AS visitor_id, session_id || k AS session_id, transaction_id || k AS transaction_id,"
            " merged_session_id || k AS merged_session_id)"
            f" FROM read_parquet($files, hive_partitioning = true) r, range({times}) t(k)) TO '{big}' (FORMAT parquet)",
            {"files": small},
        )
        (count,) = database.execute(f"SELECT count(*) FROM '{big}'").fetchone() or (0,)
    assert count >= ROWS
    source = Source("local", Tails(Store()), FileLake(Lake([big])), dict, lambda: NOW)
    (wanted,) = source.lake.rows(
        "SELECT sum(orders) AS orders, count(*) AS sessions FROM sessions WHERE NOT is_bot"
    )
    took = {}
    with serve(source) as url, engines.browser("chromium") as chromium:
        tab = chromium.tab()
        for dashboard in DASHBOARDS:
            begun = time.monotonic()
            # The driver waits for two minutes at most, whatever a busy machine needs; the answers are kept.
            urllib.request.urlopen(f"{url}/dashboards/{dashboard.name}", timeout=MOST_SECONDS).close()
            took[dashboard.name] = round(time.monotonic() - begun, 1)
            tab.open(f"{url}/dashboards/{dashboard.name}")
            severe = [line for line in chromium.driver.get_log("browser") if line["level"] == "SEVERE"]
            assert not severe, (dashboard.name, severe)
            assert tab.run("document.querySelectorAll('section').length"), dashboard.name
            assert "Error" not in tab.run("document.body.textContent"), dashboard.name
        print(f"\n{count:,} rows, seconds until a page is answered: {took}")
        tab.open(f"{url}/dashboards/overview")
        shown = dict(
            tab.run(
                "[...document.querySelectorAll('.tile')].map(t => [t.querySelector('span').textContent,"
                " t.querySelector('.kpi').textContent])"
            )
        )
    assert shown["Orders"] == f"{wanted['orders']:,}"
    assert shown["Sessions"] == f"{wanted['sessions']:,}"
