"""Finds times that cannot be a log's: lines of a wrong clock must not move the times of all others."""

from collections.abc import Sequence

DAY_MS = 24 * 3600 * 1000
GAP_MS = 7 * DAY_MS
"""What lies this long after everything else is a wrong clock's, if it is little."""
SHARE = 1_000
"""One line of so many, at least one, may be a wrong clock's."""
DISORDER_MS = 3600 * 1000
"""Servers write a line when its answer is done, so a line may be a little older than the one before. A log in which one
is older by more was put together in another order."""


def newest_right(times: Sequence[int], now: int) -> int:
    """The newest time that the log's clock can have meant, in epoch ms; 0 without any.

    Nothing of a log is from after `now` (a day's grace). Besides, a few lines more than a week after all others are
    those of a wrong clock.
    """
    plausible = sorted(at for at in times if at <= now + DAY_MS)
    if not plausible:
        return max(times, default=0)
    few = max(1, len(plausible) // SHARE) if len(plausible) >= 10 else 0
    for position in range(len(plausible) - 1, max(0, len(plausible) - 1 - few), -1):
        if plausible[position] - plausible[position - 1] > GAP_MS:
            return plausible[position - 1]
    return plausible[-1]


def is_disordered(times: Sequence[int], newest: int) -> bool:
    """Whether a line is more than `DISORDER_MS` older than one before it; wrong clocks' lines do not count."""
    latest = 0
    for at in times:
        if at > newest:
            continue
        if latest - at > DISORDER_MS:
            return True
        latest = max(latest, at)
    return False
