"""200 instances start at once, and the parameter store answers 40 reads a second: nobody gets a 503.

The throttle is modelled as a token bucket, as AWS describes it; the instances are the function's own app, in threads on
one virtual clock on which always exactly one of them runs.
"""

import heapq
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ingest_lambda.app import App
from ingest_lambda.aws.config_sources import ConfigUnreadable, secret_of
from ingest_lambda.aws.put_all import Clock
from ingest_lambda.aws.refreshing import Refreshing
from ingest_lambda.http.request import from_gateway
from schemas import parse_sites
from tests.ingest_lambda.doubles import NOW, PAGE_VIEW, SITES, gateway

INSTANCES = 200
READS_A_SECOND = 40.0
READ_SECONDS = 0.02
SECONDS = 9.5  # of the function's ten


class VirtualTime:
    """A clock that moves when all wait: the earliest sleeper goes on, and alone."""

    def __init__(self) -> None:
        self.now = 0.0
        self._turns: list[tuple[float, int, threading.Event]] = []
        self._number = 0
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        turn = self._enter(seconds)
        self.go_on()
        turn.wait()

    def run(self, works: list[Callable[[], None]]) -> None:
        threads = []
        for work in works:
            turn = self._enter(0.0)
            threads.append(threading.Thread(target=self._one, args=(turn, work)))
            threads[-1].start()
        self.go_on()
        for thread in threads:
            thread.join()

    def go_on(self) -> None:
        with self._lock:
            if self._turns:
                self.now, _, turn = heapq.heappop(self._turns)
                turn.set()

    def _enter(self, seconds: float) -> threading.Event:
        with self._lock:
            turn = threading.Event()
            self._number += 1
            heapq.heappush(self._turns, (self.now + seconds, self._number, turn))
            return turn

    def _one(self, turn: threading.Event, work: Callable[[], None]) -> None:
        turn.wait()
        work()
        self.go_on()


class ParameterStore:
    """GetParameter at 40 a second for the account, with a burst of one second's worth."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self._tokens = READS_A_SECOND
        self._at = 0.0
        self.reads = self.throttled = 0

    def reader(self, document: bytes) -> Callable[[], bytes]:
        def read() -> bytes:
            self._time.sleep(READ_SECONDS)
            self.reads += 1
            self._tokens = min(READS_A_SECOND, self._tokens + (self._time.now - self._at) * READS_A_SECOND)
            self._at = self._time.now
            if self._tokens < 1:
                self.throttled += 1
                raise ConfigUnreadable("ThrottlingException", is_transient=True)
            self._tokens -= 1
            return document

        return read


def storm(event: dict[str, Any], *, first: bytes | None) -> tuple[Counter[int], ParameterStore, float]:
    """Statuses, the store, and the longest that one request took."""
    time = VirtualTime()
    store = ParameterStore(time)
    statuses: Counter[int] = Counter()
    longest = 0.0
    document = json.dumps(SITES).encode()

    def instance(number: int) -> Callable[[], None]:
        rng = random.Random(number)
        app = App(
            sites=Refreshing(
                store.reader(document), parse_sites, lambda _: None, first=first, jitter=rng.random
            ),
            secret=Refreshing(
                store.reader(b"a secret of the tests"), secret_of, lambda _: None, jitter=rng.random
            ),
            to_stream=lambda records, _: [None] * len(records),
            to_rejected=lambda lines, _: [None] * len(lines),
            to_payloads=lambda _: None,
            write_log=lambda _: None,
            clock=Clock(lambda: time.now, time.sleep, rng.random),
        )

        def work() -> None:
            nonlocal longest
            began = time.now
            response = app.answer(from_gateway(gateway(event), "id"), NOW, began + SECONDS)
            statuses[int(response.status)] += 1
            longest = max(longest, time.now - began)

        return work

    time.run([instance(number) for number in range(INSTANCES)])
    return statuses, store, longest


def test_with_the_packages_first_version_no_request_waits_for_the_store() -> None:
    statuses, store, longest = storm(PAGE_VIEW, first=json.dumps(SITES).encode())

    assert statuses == {202: INSTANCES}
    assert store.throttled == INSTANCES - int(READS_A_SECOND)  # each asked once, and lived without the answer
    assert longest < 0.1


@pytest.mark.parametrize(
    ("event", "documents"), [(PAGE_VIEW, 1), ({"event": "page_view"}, 2)], ids=["cookie", "cookieless"]
)
def test_without_one_the_reads_spread_within_the_functions_time(
    event: dict[str, Any], documents: int
) -> None:
    statuses, store, longest = storm(event, first=None)

    assert statuses == {202: INSTANCES}
    assert store.reads - store.throttled == INSTANCES * documents
    assert longest < SECONDS


def test_a_cookieless_event_needs_only_the_secret_of_the_store() -> None:
    statuses, _, longest = storm({"event": "page_view"}, first=json.dumps(SITES).encode())

    assert statuses == {202: INSTANCES}
    assert longest < SECONDS


def test_a_store_that_answers_nobody_is_a_503_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the tests above would show nothing: the model does refuse, and the app does give up."""
    monkeypatch.setattr("tests.ingest_lambda.test_cold_start_storm.READS_A_SECOND", 0.5)
    statuses, store, longest = storm(PAGE_VIEW, first=None)

    assert statuses[503] > INSTANCES * 0.9
    assert store.throttled > INSTANCES
    assert longest < SECONDS + 0.5
