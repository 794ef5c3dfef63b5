"""How many sessions a log holds: counted from the log alone, as a cross-check of the pipeline.

Shares no code with the pipeline, on purpose.
"""

from collections import defaultdict
from collections.abc import Iterable

from rastro.access_log.event import PageView

GAP_MS = 30 * 60_000
LENGTH_MS = 24 * 60 * 60_000


def count_sessions(views: Iterable[PageView]) -> int:
    """Sort the times of each client and agent; cut after 30 minutes of nothing and before 24 hours are over."""
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    for view in views:
        times[view.line.client, view.line.agent].append(view.line.at)
    sessions = 0
    for of_visitor in times.values():
        of_visitor.sort()
        first = last = None
        for at in of_visitor:
            if first is None or last is None or at - last > GAP_MS or at - first > LENGTH_MS:
                sessions += 1
                first = at
            last = at
    return sessions
