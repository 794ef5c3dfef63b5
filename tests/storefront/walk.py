"""A random walk through a shop under faults: `python -m tests.storefront.walk --engine chromium --events 10000`.

Each event has a number. The ledger at the end: every number is in the rows of the consumer's core exactly once, or
the tracker itself counted it as dropped.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.ingest_lambda.doubles import SITES
from tests.storefront.engines import PROGRAMS, Browser, Tab, browser
from tests.storefront.shop_server import ROOT, Shop, serve

FAULTS = [None, None, None, "503", "drop", "slow", "swallow", "429", "413"]
MOST_TABS = 4
FIRE = (
    "((from, count) => { for (let n = from; n < from + count; n++) rastro('walk_event', {n}); return count })"
)
FILL = """(() => { let size = 1 << 22; for (let n = 0; size >= 1; ) {
  try { localStorage['shop' + Math.random()] = 'x'.repeat(size) } catch { size >>= 1 } } return 1 })()"""
FREE = "(Object.keys(localStorage).forEach(n => n.startsWith('shop') && localStorage.removeItem(n)), 1)"


class Ledger(NamedTuple):
    """Numbers of events. `lost` must be 0; `surplus` counts are events that arrived though their page counted them."""

    fired: int
    arrived: int
    twice: int
    dropped: int
    lost: int
    surplus: int
    copies: int
    requests: int


@dataclass
class Walk:
    """The state of a walk; `unsaved` are events that a page held in memory only, which it counts when it ends."""

    shop: Shop
    browser: Browser
    rng: Random
    tabs: list[Tab] = field(default_factory=list)
    number: int = 0
    full: bool = False
    unsaved: int = 0

    def open(self) -> None:
        tab = self.browser.tab()
        tab.open(f"{self.shop.url}/{self.rng.randrange(9)}")
        self._ready(tab)
        self.tabs.append(tab)

    def _ready(self, tab: Tab) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if tab.run("!window.left && !!window.rastro?.start && document.readyState !== 'loading'"):
                    return
            except Exception:  # noqa: BLE001 - the page is just being replaced
                time.sleep(0.05)
        raise TimeoutError("a page without its tracker")

    def fire(self, tab: Tab, count: int, then: str = "1") -> None:
        """That many events in one tick, and then what is to follow in the same tick."""
        tab.run(f"({FIRE}({self.number}, {count}), {then}, 1)")
        self.number += count
        if self.full:
            self.unsaved += count

    def step(self) -> None:
        rng, tab = self.rng, self.rng.choice(self.tabs)
        what = rng.random()
        if what < 0.5:
            self.fire(tab, rng.randint(1, 25))
        elif what < 0.66:
            self.fire(tab, rng.randint(1, 12), f"(window.left = 1, location.href = '/{rng.randrange(9)}')")
            self._left(tab)
        elif what < 0.74:
            self.fire(tab, rng.randint(1, 12))
            time.sleep(0.05)  # as in scenario D; storage goes from a tab's process to another one
            self.tabs.remove(tab)
            tab.close()
        elif what < 0.88:
            with self.shop.lock:
                chosen = rng.choice(FAULTS)
                self.shop.fault = lambda events: chosen if chosen != "413" or len(events) > 7 else None
        elif what < 0.93:
            tab.run(
                f"(() => {{ const now = Date.now; Date.now = () => now() + {rng.randint(-3_600_000, 3_600_000)} }})()"
            )
        elif what < 0.96:
            self.full = not self.full
            tab.run(FILL if self.full else FREE)
        else:
            time.sleep(rng.random())
        if len(self.tabs) < MOST_TABS and (not self.tabs or rng.random() < 0.15):
            self.open()

    def _left(self, tab: Tab) -> None:
        self._ready(tab)

    def settle(self) -> None:
        """The network is well again, storage is free, and somebody visits the shop once more."""
        with self.shop.lock:
            self.shop.fault = lambda events: None
        if not self.tabs:
            self.open()
        self.tabs[0].run(FREE)
        untold = "n.startsWith('_rv.d') && +v > +(localStorage['_rv.r' + n.slice(4)] || 0)"
        stored = (
            f"Object.entries(localStorage).filter(([n, v]) => n.startsWith('_rv.e') || ({untold})).length"
        )
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            self.tabs[0].run("(dispatchEvent(new Event('online')), rastro('walk_end'), 1)")
            time.sleep(1.5)
            if not self.tabs[0].run(stored):
                return
        raise TimeoutError("the queue does not get empty")


def rows(shop: Shop) -> list[dict[str, Any]]:
    """What the consumer's core makes of the raw records, in a process of its own: copies are gone."""
    with tempfile.TemporaryDirectory() as folder:
        sites = Path(folder) / "sites.json"
        sites.write_text(json.dumps(SITES))
        rejected = Path(folder) / "rejected"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "enrich_consumer",
                "local",
                "--settings",
                str(sites),
                "--rejected",
                str(rejected),
            ],
            input=b"\n".join(entry.data for entry in shop.bench.stream.stored),
            env={"PATH": "", "RASTRO_GEO_CITY": "none", "RASTRO_GEO_ASN": "none"},
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        assert not rejected.read_bytes()
    return [json.loads(line) for line in done.stdout.splitlines()]


def walk(engine: str, events: int, seed: int, seconds: float, *, private: bool = False) -> Ledger:
    """Walk until that many events were fired or the time is over; the ledger."""
    with serve() as shop, browser(engine, private=private) as running:
        shop.tag = shop.script(auto="off")
        shop.retry_after = 0
        one = Walk(shop, running, Random(seed))
        one.open()
        deadline = time.monotonic() + seconds
        while one.number < events and time.monotonic() < deadline:
            one.step()
        one.settle()
        views = {row["event_id"]: row for row in rows(shop)}  # the views take the first of each event
        made = [(row["event_name"], json.loads(row.get("properties", "{}"))) for row in views.values()]
        counted = Counter(properties["n"] for name, properties in made if name == "walk_event")
        dropped = sum(properties["count"] for name, properties in made if name == "events_dropped")
        missing = one.number - len(counted)
        return Ledger(
            fired=one.number,
            arrived=len(counted),
            twice=sum(count - 1 for count in counted.values()),
            dropped=dropped,
            lost=max(0, missing - dropped),
            surplus=max(0, dropped - missing - one.unsaved),
            copies=shop.copies(),
            requests=len(shop.requests),
        )


def main() -> int:
    """Exit status 1 if something was lost, counted twice, or counted as dropped though it was not."""
    parser = argparse.ArgumentParser(prog="python -m tests.storefront.walk", description=__doc__)
    parser.add_argument("--engine", choices=list(PROGRAMS), default="chromium")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--private", action="store_true")
    args = parser.parse_args()
    ledger = walk(args.engine, args.events, args.seed, args.seconds, private=args.private)
    print(json.dumps({"engine": args.engine, "seed": args.seed, **ledger._asdict()}))
    return 1 if ledger.lost or ledger.twice or ledger.surplus else 0


if __name__ == "__main__":
    sys.exit(main())
