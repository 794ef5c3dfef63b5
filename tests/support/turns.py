"""In which order test files run, and which at the same time: so that two cores have work from the first to the last."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

WAITS = (
    "tests/course/test_labs.py",
    "tests/system/kcl/test_faults.py",
    "storefront in firefox",
    "storefront in webkit",
    "tests/system/image/",
    "tests/system/faults/test_short.py",
    "tests/storefront/test_delivery.py",
    "tests/rastro/test_demo.py",
    "tests/system/",
    "tests/rastro/test_webhook.py",
    "tests/rastro/test_open_loop_run.py",
    "tests/storefront/",
)
"""Whole stacks under KCL, the image's build and browsers, which wait more than they compute; the longest first."""

LONG = (
    "tests/console/test_browser.py",
    "tests/lake/test_tables.py",
    "tests/proofs/",
    "tests/lake/test_schema_evolution.py",
    "tests/infra/",
    "tests/lake/",
    "tests/docs/test_slides.py",
    "tests/benchmarks/test_lake.py",
)
"""Of those that compute, what takes longest: begun before the many short ones, so that none ends alone."""

AT_ONCE = 4
"""Of WAITS, in five processes. With three, only some of them were left for the last minute and a half, and the cores
idled 40 % of it; in four processes that all waited at first they idled 15 % of the whole time."""

_ORDER = (*WAITS, *LONG)


def turn(place: str) -> int:
    """The place of a file, or of a group of `Together`, in the order."""
    return next((at for at, begin in enumerate(_ORDER) if place.startswith(begin)), len(_ORDER))


def waits(place: str) -> bool:
    return turn(place) < len(WAITS)


def group(nodeid: str) -> str:
    """What one process runs one after the other: a file, but all of the storefront that one browser engine shows
    together. To start Firefox costs four seconds of CPU, more than most tests in it."""
    path, _, test = nodeid.partition("::")
    if path.startswith("tests/storefront/"):
        for engine in ("firefox", "webkit"):
            if f"[{engine}" in test or f"-{engine}" in test:
                return f"storefront in {engine}"
    return path


class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Groups in the order of `turn`, at most AT_ONCE of those that wait at once while there is other work.

    For `--dist loadfile`. `--dist loadgroup` does not group under pytest 9.2: xdist 3.8 writes the group's name where
    pytest no longer reads it.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        """As its base does, of the group that `_next` names."""
        self.workqueue.move_to_end(self._next(node), last=False)
        super()._assign_work_unit(node)

    def _next(self, node: Any) -> str:
        """The first group in the queue that may begin now on that node."""
        others = (work for other, work in self.assigned_work.items() if other is not node)
        waiting = sum(
            any(waits(name) and not all(tests.values()) for name, tests in work.items()) for work in others
        )
        may_wait = waiting < AT_ONCE
        return min(self.workqueue, key=lambda name: (waits(name) != may_wait, turn(name)))
