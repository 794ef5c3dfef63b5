"""Post to a running API over a small pool of connections; requests of one lane stay in order."""

import argparse
import math
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
import urllib3

from rastro.terminal.errors import Problem

ATTEMPTS = 6
LANES = 8
FIRST_WAIT = 0.4
"""Seconds before the second attempt; each later wait is twice as long."""


class Target(NamedTuple):
    """The API to post to; `api_url` has no slash at its end."""

    api_url: str
    site_key: str


class Posting(NamedTuple):
    """One POST /v1/events. Postings with the same `lane` are sent one after the other, in their order.

    `key`: instead of the target's site key, when not empty. `events`: how many it holds, for the rate limit.
    """

    lane: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    key_in_query: bool = False
    key: str = ""
    events: int = 1


class Answer(NamedTuple):
    """`document` is the parsed body, empty when it was not JSON. `attempts`: 1 when all went well."""

    status: int
    document: dict[str, Any]
    attempts: int


def viewer_ip_headers(ip: str) -> tuple[tuple[str, str], ...]:
    """How CloudFront in front of the API names the client's IP address: with the client's port.

    Ingest reads it only where the environment says that its requests come through CloudFront
    (`viewer_header`). The local stack says so, because the emulator's gateway calls every client 127.0.0.1.
    """
    return (("CloudFront-Viewer-Address", f"{ip}:49152"),)


def post_in_lanes(
    target: Target,
    postings: Sequence[Posting],
    answered: Callable[[int, Answer], None],
    *,
    lanes: int = LANES,
    pause: Callable[[int], None] = lambda _: None,
) -> None:
    """Post everything; `answered(index, answer)` is called for each, never twice at a time.

    An answer of 429 or 5xx and a broken connection are repeated with growing waits: a repeated event is
    dropped by its id, so this is safe. `pause(events)` is called before each request.

    Raises:
        Problem: nobody answers at the URL. Postings without an answer were possibly not stored.
    """
    queues: list[list[int]] = [[] for _ in range(lanes)]
    for index, posting in enumerate(postings):
        queues[zlib.crc32(posting.lane.encode()) % lanes].append(index)
    pool = urllib3.PoolManager(num_pools=1, maxsize=lanes, block=True, retries=False)
    turn = threading.Lock()
    stop = threading.Event()
    failures: list[BaseException] = []

    def work(queue: list[int]) -> None:
        try:
            for index in queue:
                pause(postings[index].events)
                if stop.is_set():
                    return
                answer = _post(pool, target, postings[index], stop)
                with turn:
                    answered(index, answer)
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            failures.append(error)
            stop.set()

    _run([threading.Thread(target=work, args=(queue,), daemon=True) for queue in queues if queue], stop)
    pool.clear()
    if failures:
        raise failures[0]


def _run(threads: list[threading.Thread], stop: threading.Event) -> None:
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)  # short, so that Ctrl-C is seen
    finally:
        stop.set()
        for thread in threads:
            thread.join(5)


def _post(pool: urllib3.PoolManager, target: Target, posting: Posting, stop: threading.Event) -> Answer:
    key = posting.key or target.site_key
    url = f"{target.api_url}/v1/events"
    headers = dict(posting.headers)
    if posting.key_in_query:
        url += "?key=" + quote(key)
    else:
        headers["X-Rastro-Key"] = key
    trouble = ""
    for attempt in range(1, ATTEMPTS + 1):
        wait = FIRST_WAIT * 2 ** (attempt - 1)
        try:
            reply = pool.request(
                "POST", url, body=posting.body, headers=headers, timeout=urllib3.Timeout(connect=5, read=60)
            )
        except urllib3.exceptions.HTTPError as error:
            trouble = str(error)
        else:
            if reply.status != 429 and reply.status < 500:
                return Answer(reply.status, _document(reply.data), attempt)
            trouble = f"{reply.status} {reply.data[:200]!r}"
            wait = max(wait, _seconds(reply.headers.get("Retry-After")))
        if stop.wait(wait):
            break
    raise Problem(f"{target.api_url} does not take events after {ATTEMPTS} attempts: {trouble}")


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(header: str | None) -> float:
    return min(float(header), 30.0) if header and header.isdigit() else 0.0


def rate(text: str) -> float:
    """An option of so many a second; 0 is no limit.

    Raises:
        argparse.ArgumentTypeError: it is no such number.
    """
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate; 500 is, and 0 for no limit")
    return found


class Pace:
    """At most `rate` events a second over all threads; 0 is no limit."""

    def __init__(self, rate: float) -> None:
        self._step = 1 / rate if rate else 0.0
        self._next = 0.0
        self._turn = threading.Lock()

    def __call__(self, events: int) -> None:
        if not self._step:
            return
        with self._turn:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._step * events
        time.sleep(max(0.0, mine - now))
