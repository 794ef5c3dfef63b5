"""Open-loop load: each request leaves at its time, whatever became of those before it. Every answer is written down.

As a browser's tracker does, a visitor's requests keep their order, and what got no 202 is sent again until it does or
the sender is stopped.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import orjson
import urllib3

from rastro.synthetic_shop import Request, Verdict
from rastro.traffic.post import Target, viewer_ip_headers

THREADS = 8
"""Requests under way at once: more would only start more instances of the function on the same two cores."""
READ_SECONDS = 20.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 4.0
GIVE_UP_SECONDS = 90.0
"""After the last request's time: what has no 202 by then is refused for good."""


class Attempt(NamedTuple):
    """One POST. `request`: its index. `due`, `at`: when it should and did leave, `answered`: all epoch seconds.

    `status` 0: no answer, and `trouble` says why.
    """

    request: int
    due: float
    at: float
    answered: float
    status: int
    document: dict[str, Any]
    trouble: str = ""


class Fate(NamedTuple):
    """What the answers say of each event id: `accepted` with the time of its first 202, `rejected` one by one,
    `refused`: answered so each time, `unknown`: never a 202, and at least once no answer."""

    accepted: dict[str, float]
    rejected: frozenset[str]
    refused: frozenset[str]
    unknown: frozenset[str]


class Sender:
    """Started by `start`; `wait` gives every attempt."""

    def __init__(self, target: Target, requests: Sequence[Request], rate: float) -> None:
        self._target = target
        self._requests = requests
        self._gap = 1 / rate
        self._queues: defaultdict[str, deque[tuple[int, float]]] = defaultdict(deque)
        self._busy: set[str] = set()
        self._turn = threading.Lock()
        self._attempts: list[Attempt] = []
        self._http = urllib3.PoolManager(num_pools=1, maxsize=THREADS, block=True, retries=False)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="sender")
        self._stop = threading.Event()
        self._clock = threading.Thread(target=self._send_all, name="sender-clock", daemon=True)
        self.began = 0.0
        self.ends = 0.0

    def start(self) -> None:
        self.began = time.time()
        self.ends = self.began + len(self._requests) * self._gap
        self._clock.start()

    def stop(self) -> None:
        """Send nothing more; what is under way is waited for."""
        self._stop.set()

    def wait(self) -> list[Attempt]:
        self._clock.join()
        self._pool.shutdown(wait=True)
        self._http.clear()
        return self._attempts

    @property
    def attempts(self) -> list[Attempt]:
        """Those that have ended so far."""
        return self._attempts[:]

    def _send_all(self) -> None:
        for index, request in enumerate(self._requests):
            due = self.began + index * self._gap
            if self._stop.wait(max(0.0, due - time.time())):
                return
            with self._turn:
                self._queues[request.visitor].append((index, due))
                if request.visitor in self._busy:
                    continue
                self._busy.add(request.visitor)
            self._pool.submit(self._drain, request.visitor)

    def _drain(self, visitor: str) -> None:
        while True:
            with self._turn:
                if not self._queues[visitor]:
                    self._busy.discard(visitor)
                    return
                index, due = self._queues[visitor].popleft()
            self._until_taken(index, due)

    def _until_taken(self, index: int, due: float) -> None:
        wait = FIRST_WAIT
        while True:
            attempt = self._post(index, due)
            with self._turn:
                self._attempts.append(attempt)
            if attempt.status == 202 or 400 <= attempt.status < 429:
                return
            if self._stop.wait(wait) or time.time() > self.ends + GIVE_UP_SECONDS:
                return
            wait = min(2 * wait, LONGEST_WAIT)

    def _post(self, index: int, due: float) -> Attempt:
        request = self._requests[index]
        headers = dict((*request.headers, *viewer_ip_headers(request.ip)))
        url = f"{self._target.api_url}/v1/events"
        if request.key_in_query:
            url += f"?key={self._target.site_key}"
        else:
            headers["X-Rastro-Key"] = self._target.site_key
        at = time.time()
        try:
            timeout = urllib3.Timeout(connect=5, read=READ_SECONDS)
            reply = self._http.request("POST", url, body=request.body, headers=headers, timeout=timeout)
        except urllib3.exceptions.HTTPError as error:
            return Attempt(index, due, at, time.time(), 0, {}, type(error).__name__)
        return Attempt(index, due, at, time.time(), reply.status, _document(reply.data))


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def fates(requests: Sequence[Request], attempts: Sequence[Attempt]) -> Fate:
    """Read the answers, per event id; an event that was accepted once is accepted."""
    accepted: dict[str, float] = {}
    rejected: set[str] = set()
    refused: set[str] = set()
    silent: set[str] = set()
    for attempt in attempts:
        events = requests[attempt.request].events
        if attempt.status != 202:
            (refused if attempt.status else silent).update(event.event_id for event in events)
            continue
        out = {entry["index"] for entry in attempt.document.get("rejected", [])}
        for index, event in enumerate(events):
            if index in out:
                rejected.add(event.event_id)
            else:
                accepted[event.event_id] = min(
                    accepted.get(event.event_id, attempt.answered), attempt.answered
                )
    done = accepted.keys() | rejected
    return Fate(
        accepted,
        frozenset(rejected - accepted.keys()),
        frozenset(refused - done - silent),
        frozenset(silent - done),
    )


def surprises(requests: Sequence[Request], attempts: Sequence[Attempt]) -> list[str]:
    """Answers that contradict the contract: a good event rejected, a bad one accepted, numbers that do not add up."""
    found = []
    for attempt in attempts:
        events = requests[attempt.request].events
        if attempt.status != 202:
            continue
        out = {entry["index"] for entry in attempt.document.get("rejected", [])}
        if attempt.document.get("accepted") != len(events) - len(out):
            found.append(f"request {attempt.request}: does not add up: {attempt.document}")
        wanted = {index for index, event in enumerate(events) if event.verdict is Verdict.REJECTED}
        if out != wanted:
            found.append(f"request {attempt.request}: rejects {sorted(out)} instead of {sorted(wanted)}")
    return found
