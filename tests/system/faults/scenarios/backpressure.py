"""The enriched stream refuses for a long time: memory, lag, readiness, catching up. RASTRO_SOAK=1: for ten minutes."""

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from tests.system.faults.play import Scenario
from tests.system.faults.stage import Stage

LASTS_SECONDS = 600.0 if os.environ.get("RASTRO_SOAK") == "1" else 75.0
"""Longer than a processor waits for a put (60 s), so that daemons die of it and are started again."""
CAUGHT_UP_SECONDS = 5.0


class Sample(NamedTuple):
    """`rss_mib`: of supervisors, daemons and processors together; `waiting`: accepted records that have not left."""

    at: float
    rss_mib: float
    ingest_ready: bool
    lag_ms: float


def _rss(pids: list[int]) -> float:
    pages = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _group(leaders: list[int]) -> list[int]:
    """Every process of these process groups."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                if os.getpgid(int(path.name)) in leaders:
                    found.append(int(path.name))
    return found


def _ready(stage: Stage) -> bool:
    with contextlib.suppress(OSError), urlopen(f"{stage.facts.api_url}/v1/health", timeout=20) as answer:
        return bool(answer.status == 200)
    return False


class Watcher:
    """Takes a sample every three seconds until `stop`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self.samples: list[Sample] = []
        self._thread.start()

    def stop(self) -> list[Sample]:
        self._stop.set()
        self._thread.join(timeout=60)
        return self.samples

    def _run(self) -> None:
        while not self._stop.wait(3.0):
            tasks = [task.pid for task in self._stage.service.alive()]
            now = time.time()
            lines = self._stage.service.lines(now - 70)
            lag = max(
                (line["MillisBehindLatest"] for line in lines if "MillisBehindLatest" in line), default=-1
            )
            self.samples.append(Sample(now, _rss(_group(tasks)), _ready(self._stage), lag))


def _refuse(stage: Stage) -> None:
    watcher = Watcher(stage)
    stage.last(6)
    calm = max((sample.rss_mib for sample in watcher.samples), default=0.0)
    stage.struck()
    stage.hurt(
        {
            "service": "kinesis",
            "operation": "PutRecords",
            "kind": "throttle",
            "contains": stage.facts.enriched_stream,
        }
    )
    stage.last(LASTS_SECONDS)
    before = len(stage.enriched.reader.records)
    stage.hurt()
    stage.over()
    began = time.monotonic()
    last, quiet = before, time.monotonic()
    caught = 0.0
    while time.monotonic() - quiet < CAUGHT_UP_SECONDS or (caught == 0.0 and time.monotonic() - began < 90):
        time.sleep(0.5)
        seen = len(stage.enriched.reader.records)
        if seen != last:
            last, quiet, caught = seen, time.monotonic(), time.monotonic() - began
    events = sum(len(record.data.splitlines()) for record in stage.enriched.reader.records[before:last])
    samples = watcher.stop()
    during = [sample for sample in samples if stage.struck_at < sample.at < stage.over_at]
    stage.figures |= {
        "memory before, MiB": round(calm),
        "memory at most while it refused, MiB": round(max((sample.rss_mib for sample in during), default=0)),
        "lag by the metric at most, s": round(max((sample.lag_ms for sample in during), default=0) / 1000),
        "ingest ready": f"{sum(sample.ingest_ready for sample in during)} of {len(during)} times",
        "events caught up": events,
        "caught up after, s": round(caught, 1),
        "events a second while catching up": round(events / caught, 1) if caught else 0,
    }


SCENARIOS = (
    Scenario(
        "backpressure-01",
        f"the enriched stream refuses everything for {LASTS_SECONDS:.0f} s under load",
        _refuse,
        "back-pressure",
        ("enriched-stream-throttled", "consumer-lag"),
        events=900 if LASTS_SECONDS < 100 else 5000,
        rate=3.0,
    ),
)
