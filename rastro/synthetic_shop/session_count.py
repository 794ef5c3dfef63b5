"""How many sessions a load makes: counted from the requests alone, as a cross-check of the pipeline.

Shares no code with the pipeline, on purpose. All requests are taken to arrive at once.
"""

from collections import defaultdict
from collections.abc import Iterable

from rastro.synthetic_shop.request import Request, Verdict

GAP_MS = 30 * 60_000
LENGTH_MS = 24 * 60 * 60_000


def expected_sessions(requests: Iterable[Request], now: int) -> int:
    """Sort each visitor's accepted events by time, cut where nothing happened for more than 30 minutes."""
    times: dict[str, dict[str, int]] = defaultdict(dict)
    for request in requests:
        sent_at = request.sent_at
        for sent in request.events:
            if sent.verdict is Verdict.ACCEPTED:
                happened = sent.event["ts"] if sent.event.get("ts") is not None else now
                times[request.visitor][sent.event_id] = (
                    happened if sent_at is None else now - (sent_at - happened)
                )
    return sum(cut(sorted(of_visitor.values())) for of_visitor in times.values())


def cut(times: list[int]) -> int:
    """The number of sessions in sorted times (epoch ms) of one visitor."""
    sessions, first, last = 0, 0, 0
    for at in times:
        if not sessions or at - last > GAP_MS or at - first > LENGTH_MS:
            sessions += 1
            first = at
        last = at
    return sessions
