"""Put items until all are stored or the time is up; only what failed is sent again."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")
Send = Callable[[Sequence[Item], float], Sequence[str | None]]
"""Sends one call, waiting at most so many seconds; returns one error code per item, None where it is stored."""

FIRST_PAUSE = 0.05  # seconds; doubles with each attempt
LONGEST_PAUSE = 1.0
SHORTEST_CALL = 0.25  # also when the time is nearly up, one real attempt is made
THROTTLES = frozenset(
    {"ProvisionedThroughputExceededException", "ServiceUnavailableException", "KMSThrottlingException"}
    | {"ThrottlingException", "LimitExceededException", "SlowDown", "TooManyRequestsException"}
)


class PutRefused(Exception):  # noqa: N818 - a state of the world that repeating does not change
    """The service refuses for a reason that no repetition cures: a missing stream, a missing permission."""


class Clock(NamedTuple):
    """`now`: seconds on a clock that never goes back. `sleep`: seconds. `jitter`: a random number from 0 to 1."""

    now: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]


class Limits(NamedTuple):
    """What one call may hold."""

    most_items: int
    most_bytes: int


class PutReport(NamedTuple):
    """What was stored, and what it took.

    `missing`: items that are not known to be stored. `seconds`: spent in calls and pauses.
    """

    stored: int = 0
    missing: int = 0
    calls: int = 0
    retried: int = 0
    throttled: int = 0
    size: int = 0
    seconds: float = 0.0
    last_error: str | None = None


def put_all(
    items: Sequence[Item],
    send: Send[Item],
    size_of: Callable[[Item], int],
    limits: Limits,
    clock: Clock,
    deadline: float,
    part_of: Callable[[Item], int] = lambda _: 0,
) -> PutReport:
    """Put all items, call after call in their order, and repeat what failed until `deadline`.

    An item that `send` reported as stored is never sent again. At least one attempt is made. The first call that
    stays incomplete ends it: later calls may hold later parts of the same visitor, which must not overtake.
    """
    began = clock.now()
    report = PutReport(missing=len(items))
    for call in _calls(items, size_of, limits, part_of):
        report = _put_call(call, send, clock, deadline, report)
        if report.last_error is not None:
            break
    size = sum(size_of(item) for item in items)
    return report._replace(size=size, seconds=clock.now() - began)


def _put_call(
    waiting: Sequence[Item],
    send: Send[Item],
    clock: Clock,
    deadline: float,
    report: PutReport,
) -> PutReport:
    attempt = 0
    while True:
        error: str | None
        try:
            codes = send(waiting, max(SHORTEST_CALL, deadline - clock.now()))
        except PutRefused as refused:
            return report._replace(calls=report.calls + 1, last_error=str(refused))
        failed = [item for item, code in zip(waiting, codes, strict=True) if code is not None]
        stored = len(waiting) - len(failed)
        throttled = sum(code in THROTTLES for code in codes)
        error = next((code for code in codes if code is not None), None)
        report = report._replace(
            stored=report.stored + stored,
            missing=report.missing - stored,
            calls=report.calls + 1,
            throttled=report.throttled + throttled,
        )
        if not failed:
            return report
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * (0.5 + clock.jitter() / 2)
        if clock.now() + pause >= deadline:
            return report._replace(last_error=error)
        clock.sleep(pause)
        report = report._replace(retried=report.retried + len(failed))
        waiting = failed
        attempt += 1


def _calls(
    items: Sequence[Item], size_of: Callable[[Item], int], limits: Limits, part_of: Callable[[Item], int]
) -> Iterator[list[Item]]:
    """Cut into calls at the limits and wherever the part changes."""
    call: list[Item] = []
    size = 0
    for item in items:
        more = size_of(item)
        full = len(call) == limits.most_items or size + more > limits.most_bytes
        if call and (full or part_of(item) != part_of(call[-1])):
            yield call
            call, size = [], 0
        call.append(item)
        size += more
    if call:
        yield call
