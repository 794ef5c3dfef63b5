"""The profile of a load over its time: when each request is due. Pure."""

import math
import random
from typing import NamedTuple


class Profile(NamedTuple):
    """Straight lines between `points`: (share of the time, share of the rate), the first at 0 and the last at 1."""

    help: str
    points: tuple[tuple[float, float], ...]

    def mean(self) -> float:
        """The mean of the rate, as a share of its highest."""
        return self.until(1.0)

    def until(self, time: float) -> float:
        """What has come until `time`, a share of the whole time; 1 at its end if the rate was always the highest."""
        come = 0.0
        for (start, low), (end, high) in zip(self.points, self.points[1:], strict=False):
            if time <= start:
                break
            width = end - start
            part = min(time - start, width)
            if width:
                come += part * low + part * part * (high - low) / width / 2
        return come

    def when(self, come: float) -> float | None:
        """The share of the time at which `come` has come; None: not within the time."""
        for (start, low), (end, high) in zip(self.points, self.points[1:], strict=False):
            width = end - start
            area = width * (low + high) / 2
            if come >= area:
                come -= area
                continue
            # come = low x + slope x²/2, solved so that a slope of nought divides by nothing
            slope = (high - low) / width
            root = math.sqrt(max(0.0, low * low + 2 * slope * come))
            return start + 2 * come / (low + root) if low + root else start
        return None


PROFILES = {
    "steady": Profile("the same all the time", ((0, 1), (1, 1))),
    "ramp": Profile("from nothing to R, evenly", ((0, 0), (1, 1))),
    "spike": Profile(
        "a fifth of R, and R at once for a fifth of the time in the middle",
        ((0, 0.2), (0.4, 0.2), (0.4, 1), (0.6, 1), (0.6, 0.2), (1, 0.2)),
    ),
    # Its form is an assumption: the offers open at midnight (a quarter of the time is before), people come within
    # minutes, sleep, come back in the morning, and once more in the evening.
    "black-friday": Profile(
        "a day of offers in short: a wave before midnight, the opening, the night, morning, noon, a long evening",
        (
            (0, 0.1),
            (0.2, 0.25),
            (0.25, 0.35),
            (0.26, 1),
            (0.32, 0.85),
            (0.42, 0.3),
            (0.5, 0.12),
            (0.6, 0.3),
            (0.7, 0.55),
            (0.8, 0.5),
            (0.9, 0.8),
            (0.95, 0.7),
            (1, 0.3),
        ),
    ),
}


class Schedule:
    """When requests are due, in seconds after the start, as independent visitors come (Poisson), seeded.

    `rate`: the highest, in events a second. It is kept on average whatever a request holds: the gap after a request is
    as long as its events take at the rate, times an exponential draw.
    """

    def __init__(self, profile: Profile, rate: float, seconds: float, seed: int) -> None:
        self._profile = profile
        self._whole = rate * seconds
        self._seconds = seconds
        self._rng = random.Random(seed)
        self._come = 0.0

    def next(self, events: int) -> float | None:
        """When the next request is due, after one of `events`; None: the time is over."""
        self._come += events * self._rng.expovariate(1.0)
        share = self._profile.when(self._come / self._whole)
        return None if share is None else share * self._seconds
