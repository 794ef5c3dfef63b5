"""Where is my event: each that was posted to a running stack is found by the console, whatever became of it."""

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from rastro.local import stack
from rastro.local.alarms import Reading, firing
from rastro.local.info import LocalStackInfo
from tests.storefront import engines
from tests.support.web import answers
from tests.system.kcl.daemons import wait_for

PATIENCE = 180.0
TAKEN, COPIED, REPAIRED, UNKNOWN_KEY, CUT_OFF, INVALID = (
    f"{number}{number}{number}{number}{number}{number}{number}{number}-1111-4222-8333-444455556666"
    for number in range(1, 7)
)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStackInfo]:
    with stack.start(tmp_path_factory.mktemp("stack") / "home", console=True) as made:
        wait_for(lambda: answers(made.facts.console_url), lambda: "the console answers", PATIENCE)
        yield made.facts


def post(facts: LocalStackInfo, body: str, key: str | None = None) -> int:
    """The status; repeated while it is 503, as clients do: on a busy machine the function may find no time."""
    headers = {"X-Rastro-Key": key or facts.site_key, "Content-Type": "application/json"}
    status = 0
    for _ in range(10):
        try:
            with urlopen(Request(f"{facts.api_url}/v1/events", body.encode(), headers), timeout=60) as answer:
                status = int(answer.status)
        except HTTPError as error:
            with error:
                status = int(error.code)
        if status != 503:
            break
        time.sleep(1)
    return status


def trace(facts: LocalStackInfo, wanted: str) -> list[dict[str, Any]]:
    with urlopen(f"{facts.console_url}/trace.json?id={wanted}", timeout=60) as answer:
        stops: list[dict[str, Any]] = json.loads(answer.read())["stops"]
        return stops


def event(event_id: str, **more: Any) -> str:
    page = {"url": "https://www.loja.example/p/1?utm_source=news&utm_medium=email"}
    return json.dumps({"event": "page_view", "event_id": event_id, "visitor_id": "me", "page": page} | more)


@pytest.mark.kcl
@pytest.mark.slow
def test_every_event_is_found_whatever_became_of_it(facts: LocalStackInfo):
    assert post(facts, event(TAKEN)) == 202
    assert [post(facts, event(COPIED)) for _ in range(2)] == [202, 202]
    assert post(facts, event(REPAIRED, ts=str(int(time.time())))) == 202
    assert post(facts, event(INVALID, event="?!")) == 202
    assert post(facts, event(UNKNOWN_KEY), key="pk_nobody") == 401
    assert post(facts, event(CUT_OFF)[:-1]) == 400

    wanted = {
        TAKEN: {("answer", "ok"), ("raw stream", "ok"), ("session", "ok"), ("Parquet", "ok"), ("view", "ok")},
        COPIED: {("raw stream", "copy"), ("Parquet", "ok"), ("view", "ok")},
        REPAIRED: {("answer", "changed"), ("view", "ok")},
        UNKNOWN_KEY: {("answer", "refused")},
        CUT_OFF: {("answer", "refused")},
        INVALID: {("rejected table", "refused")},
    }
    deadline = time.monotonic() + PATIENCE
    for name, stages in wanted.items():
        found = trace(facts, name)
        while not stages <= {(stop["stage"], stop["verdict"]) for stop in found}:
            assert time.monotonic() < deadline, (name, found)
            time.sleep(1)
            found = trace(facts, name)
    assert sum(stop["stage"] == "view" for stop in trace(facts, COPIED)) == 1
    (answer,) = trace(facts, UNKNOWN_KEY)
    # The emulator's header apigw-requestid is not the id that it tells the function; AWS's is.
    assert trace(facts, quote(answer["facts"]["request"], safe="")) == [answer]

    done = subprocess.run(
        [sys.executable, "-m", "rastro", "trace", TAKEN, "--home", facts.home, "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {stop["stage"] for stop in json.loads(done.stdout)["stops"]} >= {
        "answer",
        "raw stream",
        "session",
        "view",
    }


@pytest.mark.kcl
@pytest.mark.slow
def test_the_live_page_counts_what_was_posted(facts: LocalStackInfo, tmp_path: Path):
    """After the test before: one page of the running stack in a real browser."""
    reason = engines.missing("chromium")
    if reason:
        pytest.skip(reason)
    with engines.browser("chromium") as browser:
        tab = browser.tab()
        tab.open(f"{facts.console_url}/live")
        deadline = time.monotonic() + PATIENCE
        names = ["accepted", "copies", "enriched", "refused", "rejected"]
        counts = f"{names}.map(n => Number(document.getElementById('total-' + n).textContent))"
        while tab.run(counts) != [3, 1, 3, 2, 1]:
            assert time.monotonic() < deadline, tab.run(counts)
            time.sleep(1)
        assert tab.run("document.querySelectorAll('#rows tbody tr').length") >= 6


@pytest.mark.kcl
@pytest.mark.slow
def test_health_shows_an_alarm_that_fires(facts: LocalStackInfo):
    def states() -> dict[str, str]:
        with urlopen(f"{facts.console_url}/health?lang=en", timeout=60) as answer:
            page = answer.read().decode()
        return dict(re.findall(r"<td>([a-z-]+)</td><td>(OK|ALARM)</td>", page))

    before = states()
    assert set(before) == set(firing(Reading(0, 0, 0, False, False, 0)))
    assert before["rejected-share"] == "OK", before
    refused = [json.loads(event(str(uuid.uuid4()), event="?!")) for _ in range(30)]
    assert post(facts, json.dumps(refused)) == 202
    deadline = time.monotonic() + PATIENCE
    while states()["rejected-share"] != "ALARM":
        assert time.monotonic() < deadline, states()
        time.sleep(1)


@pytest.mark.kcl
@pytest.mark.slow
def test_an_event_is_found_by_the_clients_own_id(facts: LocalStackInfo):
    """Last, so that the counts of the tests before stay theirs."""
    assert post(facts, event("order/1 of ana")) == 202
    deadline = time.monotonic() + PATIENCE
    wanted = {("answer", "changed"), ("raw stream", "ok"), ("session", "ok")}
    while not wanted <= {
        (stop["stage"], stop["verdict"]) for stop in trace(facts, quote("order/1 of ana", safe=""))
    }:
        assert time.monotonic() < deadline
        time.sleep(1)
