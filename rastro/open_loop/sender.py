"""One of the processes that send: takes the next request, waits until it is due, posts it, notes the answer.

A due request that finds no free connection is sent late and its latency still counts from when it was due. Nothing is
sent twice: what was refused or not answered is reported as such.
"""

import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
import urllib3

from rastro.access_log.event import PageView
from rastro.open_loop.demand import Demand, LogAgain, Shop, Shot
from rastro.open_loop.profile import Profile, Schedule
from rastro.traffic.post import Target

TIMEOUT_SECONDS = 30.0


class Order(NamedTuple):
    """What one process needs to know; can be pickled.

    `start`: epoch seconds at which time 0 of the profile is. `rate`: of this process. `mark`: eight hex digits with
    which every event id of the run begins. `file`: one JSON line for each request, the last with `cpu`.
    `views`: of a log, instead of the shop.
    """

    target: Target
    start: float
    profile: Profile
    rate: float
    seconds: float
    connections: int
    seed: int
    mark: str
    file: Path
    open_visits: int = 1
    together: int = 0
    views: tuple[PageView, ...] = ()
    site_url: str = ""
    visitor_key: bytes | None = None


def demand_of(order: Order) -> Demand:
    """The shop, or the log if there is one."""
    if order.views:
        return LogAgain(order.views, order.seed, order.mark, order.site_url, order.visitor_key)
    return Shop(order.seed, order.mark, order.open_visits, order.together)


def send(order: Order) -> None:
    """Until the time is over and every answer is there."""
    shots = _Shots(order)
    pool = urllib3.PoolManager(
        num_pools=1, maxsize=order.connections, block=True, retries=False, timeout=TIMEOUT_SECONDS
    )
    with order.file.open("wb") as file:
        turn = threading.Lock()

        def note(line: dict[str, Any]) -> None:
            with turn:
                file.write(orjson.dumps(line) + b"\n")

        threads = [
            threading.Thread(target=_work, args=(shots, pool, order, note), daemon=True)
            for _ in range(order.connections)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        used = resource.getrusage(resource.RUSAGE_SELF)
        note({"cpu": used.ru_utime + used.ru_stime})


class _Shots:
    """Requests and when they are due, in order; several threads take from it."""

    def __init__(self, order: Order) -> None:
        self._schedule = Schedule(order.profile, order.rate, order.seconds, order.seed)
        self._demand = demand_of(order)
        self._start = order.start
        self._turn = threading.Lock()
        self._events = 1

    def next(self) -> tuple[float, Shot] | None:
        """(epoch seconds, what)."""
        with self._turn:
            due = self._schedule.next(self._events)
            if due is None:
                return None
            at = self._start + due
            shot = self._demand.shot(int(at * 1000))
            self._events = len(shot.event_ids)
            return at, shot


def _work(
    shots: _Shots, pool: urllib3.PoolManager, order: Order, note: Callable[[dict[str, Any]], None]
) -> None:
    # Due times are epoch seconds, for they are compared with another machine's; waits go by a clock that never jumps.
    offset = time.time() - time.monotonic()
    while (found := shots.next()) is not None:
        at, shot = found
        due = at - offset
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sent = time.monotonic()
        if (
            sent - due > TIMEOUT_SECONDS
        ):  # its client has given up; sending it would only make the queue longer
            answer: tuple[int, list[int], str] = 0, [], f"not sent: none free for {TIMEOUT_SECONDS:.0f} s"
        else:
            answer = _post(pool, order.target, shot)
        status, rejected, trouble = answer
        line: dict[str, Any] = {
            "due": at,
            "late": int((sent - due) * 1e6),
            "took": int((time.monotonic() - due) * 1e6),
            "status": status,
            "ids": shot.event_ids,
        }
        if rejected:
            line["rejected"] = rejected
        if trouble:
            line["trouble"] = trouble
        note(line)


def _post(pool: urllib3.PoolManager, target: Target, shot: Shot) -> tuple[int, list[int], str]:
    """Status (0: no answer), indexes of rejected events, what went wrong."""
    url = f"{target.api_url}/v1/events"
    headers = dict(shot.headers)
    if shot.key_in_query:
        url += "?key=" + quote(target.site_key)
    else:
        headers["X-Rastro-Key"] = target.site_key
    try:
        reply = pool.request("POST", url, body=shot.body, headers=headers)
    except urllib3.exceptions.HTTPError as error:
        return 0, [], f"{type(error).__name__}: {error}"[:200]
    if reply.status != 202:
        return reply.status, [], reply.data[:200].decode("utf-8", "replace")
    try:
        document = orjson.loads(reply.data)
        return 202, [entry["index"] for entry in document.get("rejected", ())], ""
    except (ValueError, KeyError, AttributeError):
        return 202, [], f"an answer that is no JSON: {reply.data[:100]!r}"
