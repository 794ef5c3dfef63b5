"""Four ways in which pages lose events, the same for every tracker (benchmarks/trackers.py runs them with others too).

A: the server answers 503 for six seconds, the page stays, and after that one more event happens.
B: connections are dropped for four seconds while the visitor goes to the next page, where one event happens.
C: ten events and a navigation in one tick.
D: ten events, and the tab is closed 50 ms later; then the shop is opened again.
"""

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from tests.storefront.engines import Browser, Tab

EVENTS = 10
OUTAGE_A = 6.0
OUTAGE_B = 4.0


class TrackedSite(Protocol):
    """Where the pages are: their URL, and what the server does with events from now on."""

    def url(self, path: str) -> str: ...
    def break_down(self, fault: str | None) -> None: ...


class Tracker(NamedTuple):
    """JavaScript that says whether the tracker is there, and the call that sends event number `n`."""

    ready: str
    fire: Callable[[str], str]


Scenario = Callable[[Browser, TrackedSite, Tracker], None]


def _ready(tab: Tab, tracker: Tracker) -> None:
    deadline = time.monotonic() + 20
    while not tab.run(tracker.ready):
        if time.monotonic() > deadline:
            raise TimeoutError("the tracker did not come up")
        time.sleep(0.1)
    time.sleep(1.5)  # whatever it sends at its start is over


def _all(tracker: Tracker) -> str:
    return f"for (let n = 1; n <= {EVENTS}; n++) {tracker.fire('n')};"


def scenario_a(browser: Browser, site: TrackedSite, tracker: Tracker) -> None:
    tab = browser.tab()
    tab.open(site.url("/a"))
    _ready(tab, tracker)
    site.break_down("503")
    tab.run(f"(() => {{ {_all(tracker)} }})()")
    time.sleep(OUTAGE_A)
    site.break_down(None)
    tab.run(f"(() => {{ {tracker.fire('11')} }})()")


def scenario_b(browser: Browser, site: TrackedSite, tracker: Tracker) -> None:
    tab = browser.tab()
    tab.open(site.url("/a"))
    _ready(tab, tracker)
    site.break_down("drop")
    broken = time.monotonic()
    tab.run(f"(() => {{ {_all(tracker)} setTimeout(() => location.href = '/b', 300) }})()")
    time.sleep(1.0)
    _ready(tab, tracker)
    tab.run(f"(() => {{ {tracker.fire('11')} }})()")
    time.sleep(max(0.0, broken + OUTAGE_B - time.monotonic()))
    site.break_down(None)


def scenario_c(browser: Browser, site: TrackedSite, tracker: Tracker) -> None:
    tab = browser.tab()
    tab.open(site.url("/a"))
    _ready(tab, tracker)
    tab.run(f"setTimeout(() => {{ {_all(tracker)} location.href = '/b' }}) && 1")


def scenario_d(browser: Browser, site: TrackedSite, tracker: Tracker) -> None:
    tab = browser.tab()
    tab.open(site.url("/a"))
    _ready(tab, tracker)
    tab.run(f"setTimeout(() => {{ {_all(tracker)} }}) && 1")
    time.sleep(0.05)
    tab.close()
    browser.tab().open(site.url("/c"))


SCENARIOS: dict[str, Scenario] = {"A": scenario_a, "B": scenario_b, "C": scenario_c, "D": scenario_d}
