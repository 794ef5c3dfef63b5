"""What goes wrong, and when: drawn from the seed, counted by kind."""

from collections import Counter
from enum import StrEnum
from random import Random


class CrashError(BaseException):
    """The process dies here. Not an Exception: no handler of the product may catch it."""


class Fault(StrEnum):
    """Every kind that must have fired in a run of many histories."""

    CRASH_BEFORE = "crash_before"
    CRASH_AFTER = "crash_after"
    REFUSED_PUT = "refused_put"
    HALF_PUT = "half_put"
    ZOMBIE = "zombie"  # the lease moves while an effect is under way
    CHECKPOINT_REFUSED = "checkpoint_refused"
    LEASE_MOVED = "lease_moved"
    STOPPED = "stopped"
    SPLIT = "split"
    MERGE = "merge"
    STALE_READ = "stale_read"  # a zombie goes on to read records


EFFECTS = (
    "put",
    "session_ends",
    "cart_events",
    "reject",
    "save",
    "fence",
    "snapshot",
    "clean_up",
    "checkpoint",
)
"""Where a process can die, before and after."""


class Faults:
    """Decides at each effect. `quiet` ends all faults, so that a history comes to its end."""

    def __init__(self, rng: Random, rate: float) -> None:
        self._rng = rng
        self._rate = rate
        self.quiet = False
        self.fired: Counter[str] = Counter()

    def at(self, effect: str, *others: Fault) -> Fault | None:
        """The fault at this effect, if any; `others` are those that only some effects know."""
        if self.quiet or self._rng.random() >= self._rate:
            return None
        fault = self._rng.choice((Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.ZOMBIE, *others))
        self.count(fault, effect)
        return fault

    def half_a_put(self) -> bool:
        """Whether a put is accepted in part."""
        if self.quiet or self._rng.random() >= self._rate / 2:
            return False
        self.count(Fault.HALF_PUT)
        return True

    def count(self, fault: Fault, effect: str = "") -> None:
        """Count what was done by other means."""
        self.fired[fault] += 1
        if effect:
            self.fired[f"{fault} {effect}"] += 1
