"""The shop as it is now: many visits at once, each request the next of any of them."""

import random
from collections.abc import Iterator
from typing import Any

from rastro.synthetic_shop.people import Person, person
from rastro.synthetic_shop.plan import Batch, request
from rastro.synthetic_shop.request import Request
from rastro.synthetic_shop.sources import source
from rastro.synthetic_shop.visit import visit

TOGETHER, SHARES = (1, 2, 3, 5, 8), (20, 30, 25, 15, 10)
"""Events of a request, as in a planned load."""


class Live:
    """Endless. `seed` gives the same visits again; `mark` begins every event id; `open_visits` at the same time.
    `together`: events of every request, 0 for as many as come."""

    def __init__(self, seed: int, mark: str, open_visits: int, together: int = 0) -> None:
        self._rng = random.Random(seed)
        self._mark = mark
        self._visits: list[tuple[Person, Iterator[tuple[int, dict[str, Any]]]] | None] = [None] * open_visits
        self._serial = 0
        self._together = together

    def request(self, now: int) -> Request:
        """What is posted at `now` (epoch ms): up to eight acts of one visitor, seconds old at most."""
        rng = self._rng
        wanted = self._together or rng.choices(TOGETHER, SHARES)[0]
        acts: list[tuple[int, dict[str, Any]]] = []
        slot = rng.randrange(len(self._visits))
        who: Person | None = None
        while who is None or len(acts) < (self._together or 1):
            found = self._visits[slot] or self._new(slot, who)
            who = found[0]
            for act in found[1]:
                acts.append(act)
                if len(acts) == wanted:
                    break
            else:
                self._visits[slot] = None  # the visit is over; another begins when one is needed here
        last = len(acts) - 1
        timed = [(now - 200 * (last - index), act) for index, (_, act) in enumerate(acts)]
        return request(rng, Batch(who, timed, now), now, self._mark)

    def _new(self, slot: int, again: Person | None) -> tuple[Person, Iterator[tuple[int, dict[str, Any]]]]:
        self._serial += 1
        who = again or person(self._rng)
        found = who, visit(self._rng, who, source(self._rng, who.device.in_app), self._serial)
        self._visits[slot] = found
        return found
