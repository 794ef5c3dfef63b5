"""The demo from end to end, and its Parquet read back column by column."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3

from analytics.duckdb_lake import Lake
from rastro.synthetic_shop import Plan, Verdict, plan
from tests.analytics import flow
from tests.rastro.columns import differences

EVENTS = 400
NOW = 1_795_296_000_000


def _compare(load: Plan, rows: list[dict[str, Any]]) -> None:
    """Every accepted event is there once and holds what was posted; the first copy counts."""
    by_id = {row["event_id"]: row for row in rows}
    assert len(by_id) == len(rows)
    found: list[str] = []
    wanted: set[str] = set()
    for request in load.requests:
        for sent in request.events:
            if sent.verdict is Verdict.ACCEPTED and sent.event_id not in wanted:
                wanted.add(sent.event_id)
                found += [
                    f"{sent.event['event']} {sent.event_id}: {text}"
                    for text in differences(request, sent, by_id[sent.event_id])
                ]
    assert not found, "\n".join(found[:20])
    assert wanted == set(by_id)


def _check_items(rows: list[dict[str, Any]]) -> None:
    """The comparison above has compared something."""
    with_items = [row for row in rows if row["items"]]
    assert len(with_items) > 50
    assert any(len(row["items"]) > 1 for row in with_items)
    assert any(item["discount"] for row in with_items for item in row["items"])
    assert any(row["transaction_id"] for row in rows)


def test_rows_hold_what_was_posted(tmp_path: Path) -> None:
    """The same comparison without a server: ingest and core in memory, Parquet by the contract."""
    load = plan(2, 1500, NOW)
    files = flow.write_parquet(flow.run(load, NOW).rows, tmp_path)
    rows = Lake(files).rows("SELECT * FROM enriched WHERE event_name <> 'session_merge'")
    _compare(load, rows)
    _check_items(rows)


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.kcl
def test_demo(tmp_path: Path) -> None:
    """HTTP, the function, Kinesis, the real KCL, Firehose and Parquet: nothing lost, every column right.

    Without --once, so that staying up and ending on Ctrl-C are seen too.
    """
    command = [
        sys.executable,
        "-m",
        "rastro",
        "demo",
        "--json",
        "--events",
        str(EVENTS),
        "--home",
        str(tmp_path),
    ]
    with (
        (tmp_path / "stderr.txt").open("w", encoding="utf-8") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as demo,
    ):
        try:
            assert demo.stdout is not None
            line = demo.stdout.readline()
            assert line, (tmp_path / "stderr.txt").read_text(encoding="utf-8")
            facts = json.loads((tmp_path / "local.json").read_text(encoding="utf-8"))
            _still_takes_events(facts)
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.wait(90) == 0
    assert not (tmp_path / "local.json").exists()
    assert not [pid for pid in facts["processes"].values() if Path(f"/proc/{pid}").exists()]
    _check_figures(json.loads(line), tmp_path)


def _still_takes_events(facts: dict[str, Any]) -> None:
    body = json.dumps(
        {"event": "page_view", "visitor_id": "me", "page": {"url": "https://www.loja.example/"}}
    )
    url = f"{facts['api_url']}/v1/events?key={facts['site_key']}"
    answer = urllib3.request("POST", url, body=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json()["accepted"]) == (202, 1)


def _check_figures(figures: dict[str, Any], home: Path) -> None:
    assert figures["sent"] == EVENTS == figures["accepted"] + figures["rejected"]
    assert figures["enriched"] == figures["accepted"]
    assert (figures["lost"], figures["strangers"], figures["wrong_answers"]) == (0, 0, 0)
    assert figures["sessions"] == figures["sessions_expected"]
    files = sorted((home / "lake" / "enriched").rglob("*.parquet"))
    assert len(files) == figures["parquet_files"]
    rows = Lake(files).rows("SELECT * FROM enriched WHERE event_name <> 'session_merge'")
    _compare(plan(figures["seed"], EVENTS, figures["now"]), rows)
    _check_items(rows)
